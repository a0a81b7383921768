import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeLock } from '../../../ingest/file-log/lock.ts';
import { newDir } from './files.ts';

test('a lock is held until it is released', () => {
  const path = join(newDir(), 'lock');
  const held = takeLock(path);
  expect(takeLock(path)).toMatchObject({ ok: false, fault: { code: 'already_running' } });
  if (held.ok) held.value();
  expect(existsSync(path)).toBe(false);
  expect(takeLock(path).ok).toBe(true);
});

test('the lock of a dead process is taken over', () => {
  const path = join(newDir(), 'lock');
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(path, `${dead} x:1\n`);
  expect(takeLock(path).ok).toBe(true);
});

test.skipIf(process.platform !== 'linux')('an id that was used again does not keep a dead lock alive', () => {
  const path = join(newDir(), 'lock');
  writeFileSync(path, `${process.pid} boot:1\n`);
  expect(takeLock(path).ok).toBe(true);
});

test('a lock file with nonsense in it is taken over', () => {
  const path = join(newDir(), 'lock');
  writeFileSync(path, '\0\0\0');
  expect(takeLock(path).ok).toBe(true);
  expect(readFileSync(path, 'utf8')).toContain(String(process.pid));
});
