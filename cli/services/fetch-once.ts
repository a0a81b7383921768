import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { takeLock } from '../../ingest/file-log/lock.ts';

/** 55 MB over a slow line. */
export const FETCH_TIMEOUT_MS = 15 * 60_000;
const LOCK_POLL_MS = 200;

export interface FetchOptions {
  /** For people: what is fetched. */
  what: string;
  /** The environment variable that names another folder for the cache. */
  variable: string;
  clock: Clock;
  /** Told a line when something takes long. */
  say: (line: string) => void;
  /** Gives the fetching up. */
  signal: AbortSignal | undefined;
}

/**
 * Sees that a folder of a cache is there: of several processes one fetches it and the others wait. `fetch` fills a
 * folder beside the final one, which then appears whole or not at all.
 * Throws TidewatchError file_missing (no cache can be made), fetch_failed, and what `fetch` throws.
 */
export async function fetchOnce(
  folder: string,
  { what, variable, clock, say, signal }: FetchOptions,
  fetch: (fresh: string) => Promise<void>,
): Promise<void> {
  if (existsSync(folder)) return;
  await mkdir(path.dirname(folder), { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    const detail = `${path.dirname(folder)} cannot be made (${cause.code}); ${variable} names another folder`;
    throw new TidewatchError('file_missing', detail, { cause });
  });
  const until = clock.elapsed() + FETCH_TIMEOUT_MS;
  for (let told = false; ; told = true) {
    const lock = takeLock(`${folder}.lock`);
    if (lock.ok) {
      try {
        // Whoever held the lock before may have fetched it.
        if (!existsSync(folder)) await intoPlace(folder, fetch);
        return;
      } finally {
        lock.value();
      }
    }
    if (!told) say(`waits for another process that fetches ${what} …`);
    if (clock.elapsed() > until) throw new TidewatchError('fetch_failed', `${lock.fault.detail} for too long`);
    await clock.sleep(LOCK_POLL_MS, signal);
    signal?.throwIfAborted();
  }
}

async function intoPlace(folder: string, fetch: (fresh: string) => Promise<void>): Promise<void> {
  const fresh = `${folder}.fetching`;
  await rm(fresh, { recursive: true, force: true });
  try {
    await fetch(fresh);
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true });
    throw cause;
  }
  await rename(fresh, folder);
}
