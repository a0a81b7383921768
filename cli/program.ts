import { Command } from 'commander';
import type { AddCommand } from './command.ts';
import { COMMANDS } from './commands/list.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { version } from './version.ts';

/** The whole command line, not yet run. */
export function buildProgram(commands: readonly AddCommand[] = COMMANDS): Command {
  const program = new Command('tidewatch')
    .description('Watches telemetry, says which entity behaves unlike itself and why, and watches itself.')
    .version(version(), '-V, --version')
    .option('--verbose', 'show where an error came from', false)
    .helpCommand(false)
    .showHelpAfterError('(--help shows what there is)')
    .configureHelp({ sortSubcommands: false, helpWidth: 100 })
    .exitOverride();
  for (const add of commands) add(program);
  program.addHelpText('after', `\nExit codes\n${EXIT_MEANINGS.map(([code, what]) => `  ${code}  ${what}`).join('\n')}`);
  for (const command of everyCommand(program)) command.helpCommand(false).exitOverride().copyInheritedSettings(program);
  return program;
}

/** A command and all below it. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
