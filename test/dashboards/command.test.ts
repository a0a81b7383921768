import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildProgram } from '../../cli/program.ts';
import { differences } from '../../dashboards/compare.ts';
import { build } from '../../dashboards/index.ts';
import { makeOptions } from './make.ts';

const COMPOSED = 'deploy/compose/tidewatch.yaml';

let dir: string;
let said: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-dashboards-'));
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(dir, { recursive: true, force: true });
});

/** The exit code. */
async function run(...args: string[]): Promise<number> {
  process.exitCode = undefined;
  await buildProgram().parseAsync(['dashboards', ...args], { from: 'user' });
  return Number(process.exitCode ?? 0);
}

describe('tidewatch dashboards', () => {
  it('builds what it then finds to be right', async () => {
    expect(await run('build', '--out', dir, '--file', COMPOSED)).toBe(0);
    expect(said).toContain(`wrote ${path.join(dir, 'grafana/dashboards/tidewatch-overview.json')}`);
    expect(await run('check', dir, '--file', COMPOSED)).toBe(0);
    expect(said).toMatch(/as their sources make them/);
    expect(readdirSync(dir, { recursive: true }).filter((name) => String(name).endsWith('.partial'))).toEqual([]);
  });

  it('names each file that is different, missing or surplus', async () => {
    await run('build', '--out', dir, '--file', COMPOSED);
    const at = (name: string) => path.join(dir, name);
    const drift = at('grafana/dashboards/tidewatch-drift.json');
    writeFileSync(drift, readFileSync(drift, 'utf8').replace('"decimals": 2', '"decimals": 3'));
    rmSync(at('prometheus/rules.yaml'));
    mkdirSync(at('grafana/dashboards/own'));
    writeFileSync(at('grafana/dashboards/own/board.json'), '{}');
    said = '';
    expect(await run('check', dir, '--file', COMPOSED)).toBe(1);
    expect(said.trim().split('\n')).toEqual([
      `${at('grafana/dashboards/own/board.json')} is not made by any source`,
      `${drift} differs from what its source makes`,
      `${at('prometheus/rules.yaml')} is missing`,
    ]);
  });

  it('leaves what it did not make, and says so', async () => {
    mkdirSync(path.join(dir, 'grafana'), { recursive: true });
    writeFileSync(path.join(dir, 'grafana/notes.txt'), 'ours');
    await run('build', '--out', dir, '--file', COMPOSED);
    expect(said).toContain(`left ${path.join(dir, 'grafana/notes.txt')}`);
    expect(readFileSync(path.join(dir, 'grafana/notes.txt'), 'utf8')).toBe('ours');
  });

  it('finds every file missing where nothing was built', async () => {
    expect(await run('check', path.join(dir, 'nowhere'), '--file', COMPOSED)).toBe(1);
    expect(said.match(/is missing/g)!.length).toBeGreaterThan(8);
  });

  it('makes the same whatever the environment says, without reading secrets', async () => {
    await run('build', '--out', dir, '--file', COMPOSED);
    vi.stubEnv('TIDEWATCH__NOTIFY__CONSOLE_URL', 'http://elsewhere');
    expect(await run('check', dir, '--file', COMPOSED)).toBe(0);
    vi.unstubAllEnvs();
  });

  it('fails for a configuration that is wrong, and for one that is not there', async () => {
    const file = path.join(dir, 'tidewatch.yaml');
    writeFileSync(file, 'streams: [{ name: a, policy: { triggers: { mine: { figure: nonesuch } } } }]\n');
    await expect(run('build', '--out', dir, '--file', file)).rejects.toThrow(/streams a: policy.*mine/s);
    await expect(run('build', '--out', dir, '--file', `${file}x`)).rejects.toThrow(/file_missing|ENOENT/);
  });

  it('has in git what is built for docker-compose.yml', async () => {
    expect(await run('check', 'deploy/observability', '--file', COMPOSED), said).toBe(0);
  });
});

describe('what is built', () => {
  it('is the same each time, and follows the streams', () => {
    expect(differences(build(makeOptions()), build(makeOptions()))).toEqual([]);
    const other = differences(build(makeOptions(['hosts'])), build(makeOptions(['shops'])));
    expect(other.map(({ path: file }) => file)).toEqual(
      expect.arrayContaining(['grafana/dashboards/tidewatch-models.json', 'prometheus/rules.yaml']),
    );
  });

  it('is mounted by docker-compose.yml, folder by folder', () => {
    const mounted = [...readFileSync('docker-compose.yml', 'utf8').matchAll(/\.\/deploy\/observability\/([\w/]+):/g)];
    const folders = mounted.map(([, folder]) => `${folder}/`);
    for (const file of build(makeOptions()).keys())
      expect(
        folders.some((folder) => file.startsWith(folder)),
        file,
      ).toBe(true);
  });
});
