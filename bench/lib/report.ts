import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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
    'Written by `npm run bench` and `npm run bench:pipeline`. Times say little away from the machine; compare the ratios.',
    '',
    `Measured on ${machine}.`,
    '',
    ...sections.map(markdown),
  ].join('\n');
}

/** The page with some of its sections made anew: in their place, or at its end. What other commands wrote stays. */
export function withSections(before: string, fresh: readonly BenchSection[]): string {
  const [head = '', ...rest] = before.split(/^(?=## )/m);
  const blocks = new Map(rest.map((text) => [/^## (.*)$/m.exec(text)![1]!, text.trimEnd()]));
  for (const section of fresh) blocks.set(section.name, markdown(section).trimEnd());
  return `${[head.trimEnd(), ...blocks.values()].join('\n\n')}\n`;
}

/** Sections of an earlier page that a new one lacks, put at its end. */
export function withOthers(fresh: string, before: string): string {
  const names = new Set([...fresh.matchAll(/^## (.*)$/gm)].map(([, name]) => name));
  const others = before.split(/^(?=## )/m).slice(1);
  const kept = others.filter((text) => !names.has(/^## (.*)$/m.exec(text)![1]!)).map((text) => text.trimEnd());
  return `${[fresh.trimEnd(), ...kept].join('\n\n')}\n`;
}

/** Puts a section into a page on disk. */
export function putSection(file: string, section: BenchSection): void {
  writeFileSync(file, withSections(existsSync(file) ? readFileSync(file, 'utf8') : '# Benchmarks\n', [section]));
}
