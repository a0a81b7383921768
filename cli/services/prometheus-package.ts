import { readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { FETCH_TIMEOUT_MS } from './fetch-once.ts';
import { type Environment, type Ran, run } from './java.ts';

const SAID_MAX_CHARS = 500;
/** Where Debian's Alertmanager looks for its templates, whatever its options say. */
const DATA_DIR = '/usr/share/prometheus/alertmanager';

/**
 * Downloads a package of Debian from the mirror that the system uses, which checks its signature, and unpacks it into
 * the folder; no rights are needed. Throws TidewatchError program_missing (no apt, no dpkg) or fetch_failed.
 */
export async function unpackPackage(
  name: string,
  folder: string,
  env: Environment,
  signal: AbortSignal | undefined,
): Promise<void> {
  const failed = (ran: Ran) => new TidewatchError('fetch_failed', `Debian's package ${name}: ${lastError(ran)}`);
  await mkdir(folder, { recursive: true });
  const got = await program('apt-get', ['download', name], folder, env, signal);
  const deb = readdirSync(folder).find((file) => file.endsWith('.deb'));
  if (got.code !== 0 || deb === undefined) throw failed(got);
  const unpacked = await program('dpkg', ['-x', deb, '.'], folder, env, signal);
  if (unpacked.code !== 0) throw failed(unpacked);
  await rm(path.join(folder, deb));
}

/**
 * Debian builds the path of Alertmanager's data into the program. A path of the same length that is relative leads to
 * the same data in an unpacked package, for a program that runs in its root.
 */
export async function relocate(program: string): Promise<void> {
  const bytes = await readFile(program);
  const relative = `${DATA_DIR.slice(1)}/`;
  let found = false;
  for (let at = bytes.indexOf(DATA_DIR); at >= 0; at = bytes.indexOf(DATA_DIR, at)) {
    bytes.write(relative, at, 'latin1');
    found = true;
  }
  if (found) await writeFile(program, bytes);
}

async function program(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Environment,
  signal: AbortSignal | undefined,
): Promise<Ran> {
  try {
    return await run(file, args, { cwd, env, timeoutMs: FETCH_TIMEOUT_MS, ...(signal && { signal }) });
  } catch (cause) {
    signal?.throwIfAborted();
    const detail = `${file}; where Prometheus and Alertmanager are not on PATH, they are fetched as Debian's packages`;
    throw new TidewatchError('program_missing', detail, { cause });
  }
}

/** apt says its errors behind an E and its warnings behind a W. */
function lastError({ stdout, stderr }: Ran): string {
  const lines = `${stdout}\n${stderr}`.trim().split('\n');
  const line = lines.find((text) => text.startsWith('E:')) ?? lines.at(-1) ?? '';
  return line.replace(/^E:\s*/, '').slice(0, SAID_MAX_CHARS) || 'it ended without a word';
}
