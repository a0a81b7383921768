import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findPrograms } from '../../../cli/services/prometheus-programs.ts';
import { systemClock } from '../../../core/clock.ts';

const made: string[] = [];
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

/** A folder of programs for PATH, each a shell script; nothing else is on it. */
function machine(scripts: Record<string, string>) {
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-programs-'));
  made.push(dir);
  const bin = path.join(dir, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
  return { bin, cache: path.join(dir, 'cache'), env: { PATH: bin, TIDEWATCH_PROGRAMS_CACHE: path.join(dir, 'cache') } };
}

const find = (what: 'prometheus' | 'alertmanager', { env }: ReturnType<typeof machine>) =>
  findPrograms(what, { clock: systemClock, env });

const APT = `
echo "$@" >> "$(/usr/bin/dirname "$0")/calls"
/bin/sleep 0.2
: > "$2_1.2_all.deb"`;
/** Leaves what the package has: a program that knows the path of its data, and its tool. */
const DPKG = `
/bin/mkdir -p "$3/usr/bin"
printf 'a/usr/share/prometheus/alertmanager/b/usr/share/prometheus/alertmanagerc' > "$3/usr/bin/prometheus-alertmanager"
: > "$3/usr/bin/amtool"`;

test('programs of PATH come first, and nothing is fetched', async () => {
  const here = machine({ prometheus: '', promtool: '', alertmanager: '', amtool: '' });
  expect(await find('prometheus', here)).toEqual({
    server: path.join(here.bin, 'prometheus'),
    tool: path.join(here.bin, 'promtool'),
    root: null,
  });
  expect((await find('alertmanager', here)).server).toBe(path.join(here.bin, 'alertmanager'));
  expect(existsSync(here.cache)).toBe(false);
});

test('a package is fetched once, by one of several, and its program finds its data where it was unpacked', async () => {
  const here = machine({ 'apt-get': APT, dpkg: DPKG });
  const [one, two] = await Promise.all([find('alertmanager', here), find('alertmanager', here)]);
  const root = path.join(here.cache, 'prometheus-alertmanager');
  expect(one).toEqual({
    server: path.join(root, 'usr/bin/prometheus-alertmanager'),
    tool: path.join(root, 'usr/bin/amtool'),
    root,
  });
  expect(two).toEqual(one);
  expect(readFileSync(path.join(here.bin, 'calls'), 'utf8')).toBe('download prometheus-alertmanager\n');
  expect(readFileSync(one.server, 'utf8')).toBe(
    'ausr/share/prometheus/alertmanager//busr/share/prometheus/alertmanager/c',
  );
  expect(readdirSync(root)).toEqual(['usr']);
});

test('without apt it is said what would help', async () => {
  const here = machine({ prometheus: '' });
  await expect(find('prometheus', here)).rejects.toMatchObject({
    code: 'program_missing',
    detail: expect.stringMatching(/^apt-get; where Prometheus and Alertmanager are not on PATH/),
  });
});

test('what apt complains of is told, and nothing half fetched stays', async () => {
  const here = machine({ 'apt-get': `echo 'W: old lists' >&2; echo 'E: Unable to locate package' >&2; exit 100` });
  await expect(find('prometheus', here)).rejects.toMatchObject({
    code: 'fetch_failed',
    detail: "Debian's package prometheus: Unable to locate package",
  });
  expect(readdirSync(here.cache)).toEqual([]);
});

test('a package without the programs is no Prometheus', async () => {
  const here = machine({ 'apt-get': APT, dpkg: DPKG });
  await expect(find('prometheus', here)).rejects.toMatchObject({ code: 'fetch_failed' });
  expect(readdirSync(here.cache)).toEqual([]);
});
