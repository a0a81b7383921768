import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fail, ok, type Result } from '../../core/errors.ts';

const run = promisify(execFile);
/** What benchmarks fetch and compile; not part of the repository. */
export const CACHE = join(resolve(import.meta.dirname, '..'), '.cache');
/** Creating a virtual environment or fetching a package may wait for a slow network, but not for ever. */
export const SETUP_TIMEOUT_MS = 600_000;

/**
 * A Python of the benchmarks' own that has a package, such as `scipy>=1.17`, fetched at the first run; its path. Fault:
 * fetch_failed with the reason, where there is no Python or no network.
 */
export async function pythonWith(requirement: string): Promise<Result<string>> {
  const venv = join(CACHE, 'venv');
  const python = join(venv, 'bin', 'python');
  const name = requirement.split(/[<>=]/)[0]!;
  const module = name === 'scikit-learn' ? 'sklearn' : name;
  try {
    if (!existsSync(python)) await run('python3', ['-m', 'venv', venv], { timeout: SETUP_TIMEOUT_MS });
    const usable = await run(python, ['-c', `import ${module}`]).then(
      () => true,
      () => false,
    );
    if (!usable) await run(python, ['-m', 'pip', 'install', '--quiet', requirement], { timeout: SETUP_TIMEOUT_MS });
    return ok(python);
  } catch (cause) {
    return fail('fetch_failed', cause instanceof Error ? cause.message.split('\n')[0]! : String(cause));
  }
}
