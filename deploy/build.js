/**
 * `npm run build`: JavaScript of every room that runs, in dist/, beside the files that are served as they are.
 * Options: --out DIR in place of dist; --no-check leaves the types to `npm run types`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Found at run time beside the module that reads them, so they keep their place. */
const SERVED = ['monitor/console', 'docs/runbooks'];

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string' }, 'no-check': { type: 'boolean' } } });
const out = path.resolve(root, values.out ?? 'dist');

if (`${root}${path.sep}`.startsWith(`${out}${path.sep}`)) throw new Error(`--out ${out} would remove the sources`);
// A module that was renamed would otherwise stay there under its old name.
rmSync(out, { recursive: true, force: true });
const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');
const options = ['--project', path.join(root, 'tsconfig.build.json'), '--outDir', out];
const { status, error } = spawnSync(process.execPath, [tsc, ...options, ...(values['no-check'] ? ['--noCheck'] : [])], {
  stdio: 'inherit',
});
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);
for (const folder of SERVED) cpSync(path.join(root, folder), path.join(out, folder), { recursive: true });
