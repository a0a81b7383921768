import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Fault } from '../../../core/errors.ts';
import { newRecord, readAll } from '../../log.suite.ts';
import { append, newDir, openLog, segmentsOf, texts } from './files.ts';

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
