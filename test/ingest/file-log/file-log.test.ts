import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileLog } from '../../../ingest/file-log/index.ts';
import { MemoryLog } from '../../../ingest/memory-log.ts';
import { logSuite } from '../../log.suite.ts';
import { append, clock, newDir, openLog, segmentsOf, settableClock, texts } from './files.ts';

logSuite('file log', async () => {
  const settable = settableClock(1000);
  const { log } = await openLog(newDir(), { clock: settable });
  return { log, setNow: settable.setNow };
});

logSuite('memory log', async () => {
  const settable = settableClock(1000);
  return { log: new MemoryLog(settable), setNow: settable.setNow };
});

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
