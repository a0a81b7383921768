import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

/** What would tie the project to one machine, one registry or one tracker; each pattern is written so that it does not match itself. */
const FOREIGN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a path of one machine', /(^|[\s"'`(=:])\/(work|home|root|Users)\/[\w.]/],
  ['a path of one machine', /\b[A-Z]:\\Users\\/],
  ['a registry', /\b(registry|npm|nexus|artifactory|verdaccio)\.[\w.-]+\.(org|com|io|net|dev|local|internal)\b/],
  ['an address inside a private network', /\b(https?|tcp):\/\/(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./],
  ['a number of an issue', /\b(issue|issues|pull request|PR|fixes|closes|resolves)\s*#?\d+\b/i],
];
/** The licence's own text, bytes that are not text, and recordings. */
const UNREAD = /^(LICENSE|test\/recordings\/.*)$|\.(png|jpg|webp|gz|woff2?|ico|bin)$/;

function foreign(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, i) => FOREIGN.filter(([, p]) => p.test(line)).map(([what]) => `${i + 1}: ${what}: ${line.trim()}`));
}

function trackedFiles(): string[] {
  if (existsSync('.git'))
    return execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' })
      .split('\0')
      .filter((f) => f !== '' && existsSync(f));
  const left = /^(node_modules|dist|coverage|\.tidewatch)(\/|$)/;
  return readdirSync('.', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative('.', path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .filter((file) => !left.test(file));
}

test('no tracked file names a machine, a registry or an issue', () => {
  const found = trackedFiles()
    .filter((file) => !UNREAD.test(file) && file !== 'test/tracked.test.ts')
    .flatMap((file) => foreign(readFileSync(file, 'utf8')).map((line) => `${file}:${line}`));
  expect(found).toEqual([]);
});

test('the lockfile names no host to download from, and pins what it names by its hash', () => {
  const { packages }: { packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }> } =
    JSON.parse(readFileSync('package-lock.json', 'utf8'));
  expect(Object.entries(packages).filter(([, p]) => /^(https?|git|file):/.test(p.resolved ?? ''))).toEqual([]);
  expect(Object.entries(packages).filter(([name, p]) => name !== '' && !p.integrity)).toEqual([]);
});

test('the lockfile knows the packages of every platform, or npm ci refuses it', () => {
  const { packages }: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } = JSON.parse(
    readFileSync('package-lock.json', 'utf8'),
  );
  const known = Object.keys(packages);
  const absent = Object.values(packages)
    .flatMap((p) => Object.keys(p.optionalDependencies ?? {}))
    .filter((name) => !known.some((k) => k.endsWith(`node_modules/${name}`)));
  expect(absent).toEqual([]);
});

test('versions of dependencies are exact', () => {
  const {
    dependencies,
    devDependencies,
  }: Record<string, Record<string, string>> = JSON.parse(readFileSync('package.json', 'utf8'));
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, v]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(v),
  );
  expect(loose).toEqual([]);
});

test.each([
  'see /work/main/core', //
  "const file = '/home/me/x.csv'",
  '"resolved": "https://registry.npmjs.org/zod"',
  'fetch("http://10.1.2.3/")',
  'mends issue 12',
  'Fixes #7',
])('caught when planted: %s', (line) => expect(foreign(`first\n${line}`)).toHaveLength(1));

test.each([
  'docs/homework/README.md',
  'GET /api/work/items',
  'colour: #333; issues are welcome',
  'https://github.com/mourner/flatbush',
])('allowed: %s', (line) => expect(foreign(line)).toEqual([]));
