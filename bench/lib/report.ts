import { type BenchSection, markdown } from './section.ts';

/** Names after --only, in the order of `known`; all without it. Throws for a name that is not known. */
export function chosen(args: readonly string[], known: readonly string[]): string[] {
  const at = args.findIndex((arg) => arg === '--only' || arg.startsWith('--only='));
  if (at < 0) return [...known];
  const list = args[at] === '--only' ? (args[at + 1] ?? '') : args[at]!.slice('--only='.length);
  const wanted = list.split(',').filter((name) => name !== '');
  const unknown = wanted.filter((name) => !known.includes(name));
  if (wanted.length === 0 || unknown.length > 0)
    throw new Error(
      `--only takes some of ${known.join(', ')}${unknown.length > 0 ? `, not ${unknown.join(', ')}` : ''}`,
    );
  return known.filter((name) => wanted.includes(name));
}

/** The page of all sections, with where and when they were measured. */
export function page(machine: string, sections: readonly BenchSection[]): string {
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench`. Times say little away from the machine; compare the ratios.',
    '',
    `Measured on ${machine}.`,
    '',
    ...sections.map(markdown),
  ].join('\n');
}
