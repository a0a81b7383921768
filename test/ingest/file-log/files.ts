import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { type Clock, ManualClock } from '../../../core/clock.ts';
import { orThrow } from '../../../core/errors.ts';
import { FileLog, type FileLogOptions, type LogFiles, realFiles } from '../../../ingest/file-log/index.ts';
import { newRecord, readAll, textOf } from '../../log.suite.ts';

const made: string[] = [];
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

export function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-log-'));
  made.push(dir);
  return dir;
}

/** A clock that can be set back, as those of machines are. */
export function settableClock(startMs: number): Clock & { setNow(ms: number): void } {
  let now = startMs;
  return {
    now: () => now,
    elapsed: () => now,
    sleep: () => Promise.resolve(),
    setNow: (ms) => {
      now = ms;
    },
  };
}

export const clock = new ManualClock(1000);

export async function openLog(dir: string, more: Partial<FileLogOptions> = {}) {
  return orThrow(await FileLog.open({ dir, clock, maxBytes: 1 << 30, maxAgeMs: 1e12, ...more }));
}

export const segmentsOf = (dir: string) => readdirSync(dir).filter((f) => f.endsWith('.segment'));
export const append = async (log: FileLog, ...texts: string[]) => {
  for (const text of texts) expect(await log.append([newRecord(text)])).toMatchObject({ ok: true });
};
export const texts = async (log: FileLog, from?: number) => (await readAll(log, from)).map(textOf);

/** Real files that can be told to fail: out of space after so many bytes, or at fsync. Counts what reaches the disk. */
export class UnreliableFiles implements LogFiles {
  freeBytes = Number.POSITIVE_INFINITY;
  failSync: string | null = null;
  failTruncate = false;
  syncs = 0;
  syncedDirs = 0;
  /** When set, fsync waits for it. */
  gate: Promise<void> | null = null;

  makeDir = realFiles.makeDir;
  list = realFiles.list;
  remove = realFiles.remove;

  async syncDir(dir: string): Promise<void> {
    this.syncedDirs++;
    await realFiles.syncDir(dir);
  }

  async open(path: string): ReturnType<LogFiles['open']> {
    const file = await realFiles.open(path);
    return {
      read: (into, position) => file.read(into, position),
      size: () => file.size(),
      close: () => file.close(),
      write: async (bytes, position) => {
        const fits = Math.min(bytes.length, this.freeBytes);
        this.freeBytes -= fits;
        await file.write(bytes.subarray(0, fits), position);
        if (fits < bytes.length) throw failure('ENOSPC', 'no space left on device, write');
      },
      sync: async () => {
        await this.gate;
        if (this.failSync !== null) throw failure(this.failSync, 'fdatasync');
        this.syncs++;
        await file.sync();
      },
      truncate: async (size) => {
        if (this.failTruncate) throw failure('EIO', 'ftruncate');
        await file.truncate(size);
      },
    };
  }
}

const failure = (code: string, what: string) => Object.assign(new Error(`${code}: ${what}`), { code });
