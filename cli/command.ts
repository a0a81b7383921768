import type { Command } from 'commander';

/** Adds one command, with its options, its examples and its action, to the program. */
export type AddCommand = (program: Command) => void;

/** Text for addHelpText('after', …): each example with a word on what it does. */
export const examples = (...lines: readonly (readonly [command: string, what: string])[]): string => {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples\n${lines.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`).join('\n')}`;
};
