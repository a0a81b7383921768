import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileLog } from '../../../ingest/file-log/index.ts';
import { newRecord } from '../../log.suite.ts';
import { append, clock, newDir, openLog, segmentsOf, texts, UnreliableFiles } from './files.ts';

test('a full disk refuses, leaves no trace, and intake resumes by itself', async () => {
  const dir = newDir();
  const files = new UnreliableFiles();
  const { log } = await openLog(dir, { files });
  await append(log, 'first');
  const size = log.sizeBytes;
  for (const free of [0, 1, 17, 60]) {
    files.freeBytes = free;
    expect(await log.append([newRecord('second'.repeat(20))])).toMatchObject({
      ok: false,
      fault: { code: 'disk_full' },
    });
    expect(statSync(join(dir, segmentsOf(dir)[0]!)).size).toBe(size);
  }
  files.freeBytes = Number.POSITIVE_INFINITY;
  await append(log, 'third');
  expect(await texts(log)).toEqual(['first', 'third']);
  await log.close();
  const again = await openLog(dir);
  expect(again.notices).toEqual([]);
  await again.log.close();
});

test('a disk too full to begin a segment refuses and resumes too', async () => {
  const dir = newDir();
  const files = new UnreliableFiles();
  const { log } = await openLog(dir, { files, segmentBytes: 100 });
  await append(log, 'x'.repeat(100));
  files.freeBytes = 7;
  expect(await log.append([newRecord('no')])).toMatchObject({ ok: false, fault: { code: 'disk_full' } });
  expect(segmentsOf(dir)).toHaveLength(1);
  files.freeBytes = Number.POSITIVE_INFINITY;
  await append(log, 'yes');
  expect(segmentsOf(dir)).toHaveLength(2);
  await log.close();
});

test('what a failed fsync left is cut off before the next write, even when cutting failed at first', async () => {
  const dir = newDir();
  const files = new UnreliableFiles();
  const { log } = await openLog(dir, { files });
  await append(log, 'first');
  files.failSync = 'EIO';
  files.failTruncate = true;
  expect(await log.append([newRecord('a much longer second')])).toMatchObject({
    ok: false,
    fault: { code: 'internal' },
  });
  expect(await log.append([newRecord('second')])).toMatchObject({ ok: false });
  files.failSync = null;
  files.failTruncate = false;
  await append(log, 'third');
  expect(await texts(log)).toEqual(['first', 'third']);
  await log.close();
  const { log: again, notices } = await openLog(dir);
  expect(notices).toEqual([]);
  expect(await texts(again)).toEqual(['first', 'third']);
  await again.close();
});

test('appends that wait for one fsync share the next, and nothing is acknowledged before it', async () => {
  const files = new UnreliableFiles();
  const { log } = await openLog(newDir(), { files });
  let open = (): void => undefined;
  files.gate = new Promise((resolve) => {
    open = resolve;
  });
  const before = files.syncs;
  let acknowledged = 0;
  const first = log.append([newRecord('first')]).then(() => acknowledged++);
  await new Promise((resolve) => setImmediate(resolve));
  const rest = Array.from({ length: 100 }, (_, i) => log.append([newRecord(`${i}`)]).then(() => acknowledged++));
  await new Promise((resolve) => setImmediate(resolve));
  expect([acknowledged, log.end()]).toEqual([0, 0]);
  open();
  await Promise.all([first, ...rest]);
  expect(files.syncs - before).toBe(2);
  expect(log.end()).toBe(101);
  await log.close();
});

test('too many bytes waiting for the disk are refused as overloaded, then taken again', async () => {
  const files = new UnreliableFiles();
  const { log } = await openLog(newDir(), { files, maxWaitingBytes: 1000 });
  let open = (): void => undefined;
  files.gate = new Promise((resolve) => {
    open = resolve;
  });
  const first = log.append([newRecord('x'.repeat(800))]);
  expect(await log.append([newRecord('y'.repeat(800))])).toMatchObject({ ok: false, fault: { code: 'overloaded' } });
  open();
  expect(await first).toMatchObject({ ok: true });
  await append(log, 'z'.repeat(800));
  expect((await texts(log)).map((t) => t[0])).toEqual(['x', 'z']);
  await log.close();
});

test('folders are synced after a segment is made', async () => {
  const files = new UnreliableFiles();
  const { log } = await openLog(newDir(), { files, segmentBytes: 100 });
  await append(log, 'x'.repeat(100), 'y'.repeat(100));
  expect(files.syncedDirs).toBe(2);
  await log.close();
});

test('a log that cannot be opened says why: no space, or no such place', async () => {
  const dir = newDir();
  const options = { clock, maxBytes: 1 << 20, maxAgeMs: 1e9 };
  const files = new UnreliableFiles();
  files.freeBytes = 3;
  expect(await FileLog.open({ dir, files, ...options })).toMatchObject({ ok: false, fault: { code: 'disk_full' } });
  writeFileSync(join(dir, 'file'), '');
  expect(await FileLog.open({ dir: join(dir, 'file', 'x'), ...options })).toMatchObject({
    ok: false,
    fault: { code: 'file_missing' },
  });
  await (await openLog(dir)).log.close();
});
