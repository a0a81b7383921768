import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../../cli/program.ts';
import { parseConfig } from '../../core/config/parse.ts';
import { ok } from '../../core/errors.ts';

/** Pages for operators: what they tell to type must be there. */
const PAGES = ['docs/operating.md', 'README.md'];

interface Fence {
  language: string;
  text: string;
}

/** Fenced blocks, those that are indented in lists too. */
function fences(page: string): Fence[] {
  const found = page.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm);
  return [...found].map(([, indent, language, text]) => ({
    language: language!,
    text: text!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** Words of a line of a shell, without comments, quotes and redirections. */
const words = (line: string): string[] =>
  (line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replaceAll(/^["']|["']$/g, ''));

/** What is wrong with a call of ours; arguments: the words behind `tidewatch`. */
function callFaults(args: readonly string[]): string[] {
  let command: Command = buildProgram();
  const above: Command[] = [];
  const rest = [...args];
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) break;
    above.push(command);
    command = next;
    rest.shift();
  }
  if (above.length === 0) return [`there is no command ${args[0]}`];
  const faults: string[] = [];
  let given = 0;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!;
    if (!word.startsWith('-')) given++;
    else {
      const option = [command, ...above]
        .flatMap((one) => one.options)
        .find(({ long, short }) => word === long || word === short);
      if (option === undefined) faults.push(`${command.name()} has no option ${word}`);
      else if (option.required) i++;
    }
  }
  const needed = command.registeredArguments.filter(({ required }) => required).length;
  const most = command.registeredArguments.some(({ variadic }) => variadic)
    ? given
    : command.registeredArguments.length;
  if (given < needed || given > most)
    faults.push(`${command.name()} takes ${needed} to ${most} arguments, not ${given}`);
  return faults;
}

/** Calls of ours in the blocks for shells: whole lines up to a comment, and in the running text all between backticks. */
function callsIn(page: string): string[][] {
  const lines = fences(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'));
  return lines.flatMap((line) => {
    const call = /(?:\bnpx tidewatch|bin\/tidewatch\.js|^tidewatch)\s+([^#|>&]*)/.exec(line)?.[1];
    return call === undefined ? [] : [words(call)];
  });
}

test.each(PAGES)('every command in %s exists, with its options and arguments', (file) => {
  const calls = callsIn(readFileSync(file, 'utf8'));
  expect(calls.length).toBeGreaterThan(5);
  expect(calls.flatMap((call) => callFaults(call).map((fault) => `tidewatch ${call.join(' ')}: ${fault}`))).toEqual([]);
});

test.each([
  ['a command that there is none of', ['watch']],
  ['an option that there is none of', ['migrate', '--force']],
  ['a missing argument', ['monitor', 'retrain']],
  ['an argument too many', ['ledger', 'verify', 'all']],
])('%s is found', (_, call) => expect(callFaults(call)).not.toEqual([]));

test('commands in the running text exist', () => {
  const text = readFileSync('docs/operating.md', 'utf8').replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  const calls = [...text.matchAll(/`tidewatch ([^`]+)`/g)].map((match) => words(match[1]!));
  expect(calls.length).toBeGreaterThan(5);
  // without their arguments, which the text leaves out
  const unknown = calls.filter((call) => callFaults(call).some((fault) => !fault.includes('arguments')));
  expect(unknown).toEqual([]);
});

test('every configuration that operating.md shows is valid', () => {
  const shown = fences(readFileSync('docs/operating.md', 'utf8')).filter(({ language }) => language === 'yaml');
  expect(shown.length).toBeGreaterThan(2);
  for (const { text } of shown) {
    const readSecret = (file: string) => ok(file.includes('database') ? 'postgres://a:b@c/d' : 'a'.repeat(40));
    const parsed = parseConfig({ text, file: 'shown.yaml', readSecret });
    expect(parsed.ok ? '' : parsed.fault.detail).toBe('');
    expect(Object.keys(parse(text)).length).toBeGreaterThan(0);
  }
});

test('services and files that operating.md names are there', () => {
  const page = readFileSync('docs/operating.md', 'utf8');
  const { services } = parse(readFileSync('docker-compose.yml', 'utf8')) as { services: object };
  for (const [, name] of page.matchAll(/docker compose exec(?: -T)? (\S+)/g))
    expect(Object.keys(services)).toContain(name);
  for (const [, stopped] of page.matchAll(/docker compose (?:stop|start) (.+)/g))
    for (const name of words(stopped!)) expect(Object.keys(services)).toContain(name);
  const links = [...page.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect(existsSync(path.join('docs', link)), link).toBe(true);
  for (const [, file] of page.matchAll(/`((?:test|deploy)\/[\w./-]+)`/g)) expect(existsSync(file!), file).toBe(true);
});

/** After a benchmark has been written anew, its numbers go into the page by hand. */
test('what operating.md says of capacity is what was measured last', () => {
  const [page, benchmarks, storage] = ['operating', 'benchmarks', 'storage'].map((name) =>
    readFileSync(`docs/${name}.md`, 'utf8'),
  );
  const sizes = [...page!.matchAll(/^ *\| [\d,]+ \|(.* [MGk]B .*)\|$/gm)].flatMap(([, cells]) => cells!.split('|'));
  expect(sizes.length).toBeGreaterThanOrEqual(9);
  for (const size of sizes) expect(storage).toContain(`| ${size.trim()} |`);
  expect(storage).toContain('| 586 |');
  for (const [told, measured] of [
    ['191,000 records', '| limited to 1 CPU and 512 MB | 191000 |'],
    ['324,000 records', '| Kafka to durable verdict, against kafkajs + JSON.parse alone | 324000 |'],
    ['418 to 444 MiB', '| 10,000 × 10 at its own pace: RSS at most | 444 |'],
    ['418 to 444 MiB', '| the same, catching up at full speed | 418 |'],
    ['1.7 GB', '100,000 entities: RSS at most 1671 MiB'],
    ['p99 54 ms', '| the same, p99 | 54 |'],
    ['111 ms at half', '| the same, p99 | 111 |'],
  ] as const) {
    expect(page).toContain(told);
    expect(benchmarks, told).toContain(measured);
  }
});
