import { afterEach, describe, expect, test } from 'vitest';
import { MAX_RECORD_BYTES } from '../ingest/decode/limits.ts';
import type { Log, LogRecord, NewRecord } from '../ingest/ports.ts';

/** A log under test, made afresh for each test and closed by the suite. setNow moves its clock; null: it has its own. */
export interface LogUnderTest {
  log: Log;
  setNow: ((ms: number) => void) | null;
}

/** A log that stamps records itself may do so on another machine; and a test may wait. */
const CLOCKS_APART_MS = 60_000;

const utf8 = (text: string) => new TextEncoder().encode(text);
export const newRecord = (text: string, key: string | null = null): NewRecord => ({
  key: key === null ? null : utf8(key),
  value: utf8(text),
});
export const textOf = (record: LogRecord): string => new TextDecoder().decode(record.value);

/** Everything from an offset on, read in steps of maxBytes. */
export async function readAll(log: Log, from = log.start(), maxBytes = 1 << 20): Promise<LogRecord[]> {
  const out: LogRecord[] = [];
  for (let next = from; ; next = out.at(-1)!.offset + 1) {
    const records = await log.read(next, maxBytes);
    if (records.length === 0) return out;
    out.push(...records);
  }
}

/** How every log behaves, whatever it is made of. Adapters run it; see ingest/ports.ts for the contract. */
export function logSuite(name: string, make: () => Promise<LogUnderTest>): void {
  describe(name, () => {
    let open: Log[] = [];
    const fresh = async () => {
      const made = await make();
      open.push(made.log);
      return made;
    };
    afterEach(async () => {
      for (const log of open) await log.close();
      open = [];
    });

    test('a new log is empty', async () => {
      const { log } = await fresh();
      expect(log.end()).toBe(log.start());
      expect(await log.read(log.start(), 1000)).toEqual([]);
    });

    test('append gives the first offset, and offsets rise by one', async () => {
      const { log, setNow } = await fresh();
      const beforeMs = setNow === null ? Date.now() - CLOCKS_APART_MS : 5000;
      const afterMs = setNow === null ? Date.now() + CLOCKS_APART_MS : 5000;
      setNow?.(5000);
      const first = await log.append([newRecord('a'), newRecord('b', 'k')]);
      const second = await log.append([newRecord('c')]);
      expect([first, second]).toMatchObject([
        { ok: true, value: log.start() },
        { ok: true, value: log.start() + 2 },
      ]);
      const records = await readAll(log);
      expect(records.map((r) => r.offset - log.start())).toEqual([0, 1, 2]);
      expect(records.map(textOf)).toEqual(['a', 'b', 'c']);
      expect(records.map((r) => r.key && new TextDecoder().decode(r.key))).toEqual([null, 'k', null]);
      expect(records.every((r) => r.appendMs >= beforeMs && r.appendMs <= afterMs)).toBe(true);
      expect(log.end()).toBe(log.start() + 3);
    });

    test('empty keys and values stay what they are', async () => {
      const { log } = await fresh();
      await log.append([{ key: new Uint8Array(0), value: new Uint8Array(0) }]);
      const [record] = await log.read(log.start(), 1);
      expect(record!.key).toHaveLength(0);
      expect(record!.value).toHaveLength(0);
    });

    test('headers keep their order and their bytes, and a tombstone is no empty value', async () => {
      const { log } = await fresh();
      const headers = [
        ['b', Uint8Array.of(0, 255)],
        ['a', new Uint8Array(0)],
      ] as const;
      await log.append([
        { ...newRecord('x', 'k'), headers },
        { ...newRecord('', 'k'), tombstone: true },
        newRecord(''),
      ]);
      const [with2, tombstone, empty] = await readAll(log);
      expect(with2!.headers!.map(([name, bytes]) => [name, [...bytes!]])).toEqual([
        ['b', [0, 255]],
        ['a', []],
      ]);
      expect(with2!.tombstone).toBeUndefined();
      expect([tombstone!.tombstone, tombstone!.value.length, tombstone!.headers]).toEqual([true, 0, undefined]);
      expect([empty!.tombstone, empty!.value.length]).toEqual([undefined, 0]);
    });

    test('append times never go back, though the clock does', async () => {
      const { log, setNow } = await fresh();
      for (const now of [1000, 400, 2000]) {
        setNow?.(now);
        await log.append([newRecord('x')]);
      }
      const times = (await readAll(log)).map((r) => r.appendMs);
      if (setNow === null) expect(times).toEqual(times.toSorted((a, b) => a - b));
      else expect(times).toEqual([1000, 1000, 2000]);
    });

    test('concurrent appends are each whole and in order', async () => {
      const { log } = await fresh();
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) => log.append([newRecord(`${i}a`), newRecord(`${i}b`)])),
      );
      const texts = (await readAll(log)).map(textOf);
      for (const [i, result] of results.entries()) {
        const at = result.ok ? result.value - log.start() : -1;
        expect(texts.slice(at, at + 2)).toEqual([`${i}a`, `${i}b`]);
      }
      expect(texts).toHaveLength(100);
    });

    test('read gives at least one record and stops near maxBytes', async () => {
      const { log } = await fresh();
      await log.append(Array.from({ length: 20 }, () => newRecord('x'.repeat(100))));
      expect(await log.read(log.start(), 1)).toHaveLength(1);
      expect((await log.read(log.start(), 1000)).length).toBeLessThanOrEqual(10);
      expect(await readAll(log, log.start() + 7, 350)).toHaveLength(13);
      expect(await log.read(log.end(), 1000)).toEqual([]);
      expect(await log.read(log.end() + 10, 1000)).toEqual([]);
    });

    test('a record above the limit is refused and nothing of its batch is kept', async () => {
      const { log } = await fresh();
      const refused = await log.append([newRecord('a'), { key: null, value: new Uint8Array(MAX_RECORD_BYTES + 1) }]);
      expect(refused).toMatchObject({ ok: false, fault: { code: 'record_too_large' } });
      expect(log.end()).toBe(log.start());
      expect(await log.append([{ key: null, value: new Uint8Array(MAX_RECORD_BYTES) }])).toMatchObject({ ok: true });
      expect((await log.read(log.start(), 1))[0]!.value).toHaveLength(MAX_RECORD_BYTES);
    });

    test('waitFor resolves with the record, at once for one that is there, and when aborted', async () => {
      const { log } = await fresh();
      const never = new AbortController();
      const order: string[] = [];
      const first = log.waitFor(log.start(), never.signal).then(() => order.push('first'));
      const second = log.waitFor(log.start() + 1, never.signal).then(() => order.push('second'));
      await Promise.resolve();
      expect(order).toEqual([]);
      await log.append([newRecord('a')]);
      await first;
      expect(order).toEqual(['first']);
      await log.waitFor(log.start(), never.signal);
      never.abort();
      await second;
      await log.waitFor(log.end(), never.signal);
    });

    test('a producer may reuse its bytes once append has resolved', async () => {
      const { log } = await fresh();
      const value = utf8('mine');
      await log.append([{ key: null, value }]);
      value.fill(0);
      expect(textOf((await log.read(log.start(), 1))[0]!)).toBe('mine');
    });

    test('closing wakes those who wait, and refuses intake', async () => {
      const { log } = await fresh();
      const waiting = log.waitFor(log.start(), new AbortController().signal);
      await log.close();
      await waiting;
      expect(await log.append([newRecord('a')])).toMatchObject({ ok: false });
    });
  });
}
