import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** A part of a benchmark takes less than this, or something is stuck. */
const TIMEOUT_MS = 300_000;

/** Runs a script in a process of its own, which prints one JSON object; nothing else then shares its heap or its compiled code. */
export async function inProcess<T>(script: string, args: readonly (string | number)[]): Promise<T> {
  const options = ['--expose-gc', '--import', 'tsx', script, ...args.map(String)];
  const { stdout } = await run(process.execPath, options, { timeout: TIMEOUT_MS, maxBuffer: 1 << 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}
