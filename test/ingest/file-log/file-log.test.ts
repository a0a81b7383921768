import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Fault } from '../../../core/errors.ts';
import { FileLog } from '../../../ingest/file-log/index.ts';
import { MemoryLog } from '../../../ingest/memory-log.ts';
import { logSuite, newRecord, readAll, textOf } from '../../log.suite.ts';
import { clock, newDir, openLog, settableClock, UnreliableFiles } from './files.ts';

logSuite('file log', async () => {
  const settable = settableClock(1000);
  const { log } = await openLog(newDir(), { clock: settable });
  return { log, setNow: settable.setNow };
});

logSuite('memory log', async () => {
  const settable = settableClock(1000);
  return { log: new MemoryLog(settable), setNow: settable.setNow };
});

const segmentsOf = (dir: string) => readdirSync(dir).filter((f) => f.endsWith('.segment'));
const append = async (log: FileLog, ...texts: string[]) => {
  for (const text of texts) expect(await log.append([newRecord(text)])).toMatchObject({ ok: true });
};
const texts = async (log: FileLog, from?: number) => (await readAll(log, from)).map(textOf);

test('a reopened log goes on where it stopped', async () => {
  const dir = newDir();
  const first = await openLog(dir);
  await append(first.log, 'a', 'b');
  await first.log.close();
  const { log, notices } = await openLog(dir);
  expect(notices).toEqual([]);
  await append(log, 'c');
  expect(await texts(log)).toEqual(['a', 'b', 'c']);
  await log.close();
});

test('records spread over segments are found from any offset', async () => {
  const dir = newDir();
  const opened = await openLog(dir, { segmentBytes: 2000 });
  const all = Array.from({ length: 200 }, (_, i) => `record ${i}`.padEnd(40));
  await append(opened.log, ...all);
  expect(segmentsOf(dir).length).toBeGreaterThan(5);
  for (const from of [0, 1, 57, 121, 199]) expect(await texts(opened.log, from)).toEqual(all.slice(from));
  await opened.log.close();
  const { log } = await openLog(dir, { segmentBytes: 2000 });
  for (const from of [199, 121, 0]) expect(await texts(log, from)).toEqual(all.slice(from));
  await log.close();
});

test('whole segments go when the log is too large, and start moves', async () => {
  const dir = newDir();
  const { log } = await openLog(dir, { segmentBytes: 1000, maxBytes: 4000 });
  for (let i = 0; i < 100; i++) await append(log, `record ${i}`.padEnd(100));
  expect(log.sizeBytes).toBeLessThanOrEqual(4000);
  expect(log.start()).toBeGreaterThan(50);
  expect((await log.read(0, 1e6))[0]!.offset).toBe(log.start());
  expect(segmentsOf(dir).reduce((sum, f) => sum + statSync(join(dir, f)).size, 0)).toBe(log.sizeBytes);
  await log.close();
});

test('segments whose records are all too old go, also when the log is opened', async () => {
  const dir = newDir();
  let now = 0;
  const aging = { now: () => now, elapsed: () => now, sleep: () => Promise.resolve() };
  const opened = await openLog(dir, { clock: aging, maxAgeMs: 8000 });
  for (; now < 20_000; now += 500) await append(opened.log, `at ${now}`);
  const [oldest] = await opened.log.read(0, 1);
  expect(oldest!.appendMs).toBeGreaterThan(9_000);
  expect(oldest!.appendMs).toBeLessThanOrEqual(12_000);
  await opened.log.close();
  now = 1e9;
  const { log } = await openLog(dir, { clock: aging, maxAgeMs: 8000 });
  expect(log.start()).toBeGreaterThan(35);
  expect(log.end()).toBe(40);
  await log.close();
});

test('a torn end is cut at the last whole record, wherever it tore, and said', async () => {
  const dir = newDir();
  const opened = await openLog(dir);
  await append(opened.log, 'first', 'second');
  const whole = opened.log.sizeBytes;
  await append(opened.log, 'the third');
  await opened.log.close();
  const path = join(dir, segmentsOf(dir)[0]!);
  const bytes = readFileSync(path);
  for (let size = bytes.length - 1; size > whole; size -= 3) {
    writeFileSync(path, bytes.subarray(0, size));
    const { log, notices } = await openLog(dir);
    expect(notices).toMatchObject([{ code: 'segment_torn', detail: expect.stringContaining(`byte ${whole}`) }]);
    expect(await texts(log)).toEqual(['first', 'second']);
    expect(statSync(path).size).toBe(whole);
    await append(log, 'again');
    expect(await texts(log)).toEqual(['first', 'second', 'again']);
    await log.close();
  }
});

test('an end of zeros, as a crashed file system leaves it, counts as torn', async () => {
  const dir = newDir();
  const opened = await openLog(dir);
  await append(opened.log, 'first');
  await opened.log.close();
  const path = join(dir, segmentsOf(dir)[0]!);
  truncateSync(path, statSync(path).size + 4096);
  const { log, notices } = await openLog(dir);
  expect(notices).toMatchObject([{ code: 'segment_torn' }]);
  expect(await texts(log)).toEqual(['first']);
  await log.close();
});

test('a hole in the last batch was never acknowledged: cut, though whole records follow it', async () => {
  const dir = newDir();
  const opened = await openLog(dir);
  await append(opened.log, 'first');
  const whole = opened.log.sizeBytes;
  await opened.log.append(['x', 'y', 'z'].map((text) => newRecord(text)));
  await opened.log.close();
  const path = join(dir, segmentsOf(dir)[0]!);
  const bytes = readFileSync(path);
  bytes.fill(0, whole, whole + 30);
  writeFileSync(path, bytes);
  const { log, notices } = await openLog(dir);
  expect(notices).toMatchObject([{ code: 'segment_torn' }]);
  expect(await texts(log)).toEqual(['first']);
  await log.close();
});

test('any damaged byte in the middle is reported with its place, and the records around it are read', async () => {
  const dir = newDir();
  const opened = await openLog(dir);
  await append(opened.log, 'first');
  const from = opened.log.sizeBytes;
  await append(opened.log, 'second');
  const to = opened.log.sizeBytes;
  await append(opened.log, 'third');
  await opened.log.close();
  const path = join(dir, segmentsOf(dir)[0]!);
  const bytes = readFileSync(path);
  for (let at = from; at < to; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x40;
    writeFileSync(path, damaged);
    const told: [Fault, number, number][] = [];
    const { log, notices } = await openLog(dir, { onDamage: (...damage) => told.push(damage) });
    expect(notices).toMatchObject([
      { code: 'segment_corrupt', detail: expect.stringMatching(new RegExp(`byte ${from}: .*record 1 is lost`)) },
    ]);
    expect(await texts(log)).toEqual(['first', 'third']);
    expect(told.map(([, a, b]) => [a, b])).toEqual([[1, 2]]);
    await log.close();
  }
});

test('damage in an older segment is reported when it is read, its last record included', async () => {
  const dir = newDir();
  const opened = await openLog(dir, { segmentBytes: 200 });
  await append(opened.log, ...Array.from({ length: 12 }, (_, i) => `record ${i}`.padEnd(60)));
  await opened.log.close();
  const path = join(dir, segmentsOf(dir)[1]!);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  const told: [number, number][] = [];
  const { log } = await openLog(dir, { segmentBytes: 200, onDamage: (_f, from, to) => told.push([from, to]) });
  expect(told).toEqual([]);
  const offsets = (await readAll(log)).map((r) => r.offset);
  await readAll(log);
  expect(told).toHaveLength(1);
  const [lost, next] = told[0]!;
  expect(next - lost).toBe(1);
  expect(offsets).toEqual(Array.from({ length: 12 }, (_, i) => i).filter((i) => i !== lost));
  await log.close();
});

test('a segment that was only being made is begun anew', async () => {
  const dir = newDir();
  const opened = await openLog(dir);
  await append(opened.log, 'first');
  await opened.log.close();
  writeFileSync(join(dir, '00000000000000000001.segment'), 'TWSE');
  const { log, notices } = await openLog(dir);
  expect(notices).toMatchObject([{ code: 'segment_torn' }]);
  await append(log, 'second');
  expect(await texts(log)).toEqual(['first', 'second']);
  await log.close();
});

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

test('a second log on the same folder is refused until the first is closed', async () => {
  const dir = newDir();
  const { log } = await openLog(dir);
  const options = { dir, clock, maxBytes: 1 << 20, maxAgeMs: 1e9 };
  expect(await FileLog.open(options)).toMatchObject({ ok: false, fault: { code: 'already_running' } });
  await log.close();
  const again = await openLog(dir);
  await again.log.close();
});

test('retention does not disturb a read that is under way', async () => {
  const { log } = await openLog(newDir(), { segmentBytes: 1000, maxBytes: 3000 });
  await append(log, ...Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(100)));
  const reading = Promise.all(Array.from({ length: 10 }, () => log.read(log.start(), 1e6)));
  await append(log, ...Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(100)));
  for (const records of await reading) expect(records.length).toBeGreaterThan(0);
  await log.close();
});
