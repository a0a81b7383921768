import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lockDirectory } from '../../../cli/embedded/lock.ts';
import { listenFault, systemFault } from '../../../cli/embedded/system-fault.ts';
import { TidewatchError } from '../../../core/errors.ts';

const refused = (code: string, file?: string) => Object.assign(new Error(code), { code, path: file });

test.each([
  ['ENOSPC', 'disk_full'],
  ['EDQUOT', 'disk_full'],
  ['EROFS', 'file_missing'],
  ['EACCES', 'file_missing'],
])('%s is told as %s', (code, expected) => {
  const fault = systemFault(refused(code, '/data/x'), '/data') as TidewatchError;
  expect(fault.code).toBe(expected);
  expect(fault.detail).toContain('/data/x');
});

test('a full disk in the words of PostgreSQL is a full disk', () => {
  const said = new TidewatchError('database_unavailable', 'initdb ended with 1: No space left on device');
  expect((systemFault(said, '/data') as TidewatchError).code).toBe('disk_full');
  const other = new TidewatchError('database_unavailable', 'something else');
  expect(systemFault(other, '/data')).toBe(other);
});

test('what it does not know stays as it is', () => {
  const unknown = new Error('a bug');
  expect(systemFault(unknown, '/data')).toBe(unknown);
  expect(listenFault(unknown, '127.0.0.1', 1)).toBe(unknown);
});

test.each([
  ['EADDRINUSE', 'port_taken: '],
  ['EACCES', 'http.port: 80 '],
  ['EADDRNOTAVAIL', 'http.host: 127.0.0.1 '],
])('%s of listening names the key', (code, words) => {
  expect((listenFault(refused(code), '127.0.0.1', 80) as TidewatchError).message).toContain(words);
});

test('a lock is taken over from a dead process, even when its id belongs to another by now', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-'));
  const other = spawn('sleep', ['30']);
  try {
    writeFileSync(path.join(dir, 'tidewatch.pid'), `${other.pid} an-earlier-boot:1\n`);
    const release = lockDirectory(dir);
    expect(() => lockDirectory(dir)).toThrow('already_running');
    release();
    lockDirectory(dir)();
  } finally {
    other.kill();
    rmSync(dir, { recursive: true });
  }
});
