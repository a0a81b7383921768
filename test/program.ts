import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../core/clock.ts';

/** Names a folder for what is built of the sources, which a whole run starts many times; test/run.js sets it. */
export const BUILT_VARIABLE = 'TIDEWATCH_TEST_BUILT_DIR';
/** What `npm start` runs: the sources, by a loader that takes longer than all that most commands do. */
export const SOURCES = path.resolve('bin/tidewatch.js');
const BUILD_WITHIN_MS = 120_000;
const LOOK_MS = 50;

/** Where the program lies that tests start: the sources, or in a whole run what was built of them, once. */
export async function builtProgram(): Promise<string> {
  const dir = process.env[BUILT_VARIABLE];
  if (dir === undefined) return SOURCES;
  await buildOnce(dir);
  return path.join(dir, 'bin/tidewatch.js');
}

/** dist/ of these sources, below the folder; the first that asks builds, the others wait. */
export async function buildOnce(dir: string): Promise<string> {
  const dist = path.join(dir, 'dist');
  mkdirSync(dir, { recursive: true });
  try {
    mkdirSync(path.join(dir, 'building'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await othersBuild(dir, dist);
    return dist;
  }
  try {
    for (const part of ['package.json', 'bin', 'migrations', 'deploy/kafka'])
      cpSync(part, path.join(dir, part), { recursive: true });
    symlinkSync(path.resolve('node_modules'), path.join(dir, 'node_modules'));
    const fresh = path.join(dir, 'fresh');
    const build = [path.resolve('deploy/build.js'), '--no-check', '--out', fresh];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, build);
    if (stdout + stderr !== '') throw new Error(`the build says ${stdout}${stderr}`);
    renameSync(fresh, dist);
  } catch (cause) {
    rmSync(path.join(dir, 'building'), { recursive: true }); // the next one says what is wrong
    throw cause;
  }
  return dist;
}

async function othersBuild(dir: string, dist: string): Promise<void> {
  const untilMs = systemClock.elapsed() + BUILD_WITHIN_MS;
  while (!existsSync(dist)) {
    if (!existsSync(path.join(dir, 'building'))) throw new Error('the build of another test failed');
    if (systemClock.elapsed() > untilMs) throw new Error(`nothing was built within ${BUILD_WITHIN_MS} ms`);
    await systemClock.sleep(LOOK_MS);
  }
}
