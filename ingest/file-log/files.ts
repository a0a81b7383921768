import { constants } from 'node:fs';
import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import type { Fault } from '../../core/errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const UNUSABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR']);

/** What an error of the file system means; `internal` for those that nobody foresaw. */
export function faultOfDisk(cause: unknown, path: string): Fault {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const known = FULL.has(code) ? 'disk_full' : UNUSABLE.has(code) ? 'file_missing' : 'internal';
  return { code: known, detail: `${path}: ${message}` };
}

/** What the file log needs of a file system; a test puts one in between that runs out of space. */
export interface LogFile {
  /** Bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Resolves once what was written survives a loss of power. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface LogFiles {
  makeDir(path: string): Promise<void>;
  list(dir: string): Promise<string[]>;
  open(path: string): Promise<LogFile>;
  remove(path: string): Promise<void>;
  /** Makes the names in a folder as durable as the files. */
  syncDir(dir: string): Promise<void>;
}

export const realFiles: LogFiles = {
  makeDir: async (path) => {
    await mkdir(path, { recursive: true });
  },
  list: (dir) => readdir(dir),
  open: openFile,
  remove: (path) => unlink(path),
  syncDir: async (dir) => {
    if (process.platform === 'win32') return; // folders cannot be opened there
    const handle = await open(dir, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

async function openFile(path: string): Promise<LogFile> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  return {
    async read(into, position) {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    async write(bytes, position) {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    },
    sync: () => handle.datasync(),
    truncate: (size) => handle.truncate(size),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}
