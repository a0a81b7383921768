import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import { KafkaPartitionLog } from '../../../ingest/kafka/partition-log.ts';
import type { OffsetRange } from '../../../ingest/kafka/ports.ts';
import type { LogRecord } from '../../../ingest/ports.ts';

const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

const recordAt = (offset: number): LogRecord => ({
  offset,
  appendMs: offset,
  key: null,
  value: new Uint8Array(1 + (offset % 7)),
  ...(offset % 5 === 0 && { headers: [['h', new Uint8Array(offset % 3)]] as const }),
});

/** A partition of a broker, with a consumer that fetches from it as kafkajs does. */
class World {
  /** false: a marker of a transaction, which takes an offset and is never handed out. */
  readonly entries: boolean[] = [];
  readonly clock = new ManualClock();
  readonly log: KafkaPartitionLog;
  start = 0;
  /** Where the next fetch begins; null: paused. */
  position: number | null = null;
  sought: number | null = null;
  /** Bytes in the queue by what the log has said of them. */
  bytes = 0;
  /** Fetched before the last seek, and handed over although. */
  old: (() => void) | null = null;

  constructor() {
    this.log = new KafkaPartitionLog({
      partition: 0,
      clock: this.clock,
      learn: (): Promise<OffsetRange> => Promise.resolve({ partition: 0, start: this.start, end: this.entries.length }),
      seek: (offset) => {
        this.sought = offset;
      },
      onTaken: (bytes) => {
        this.bytes -= bytes;
      },
    });
  }

  fetch(entries: number): void {
    if (this.sought !== null) this.position = this.sought;
    this.sought = null;
    if (this.position === null) return;
    const from = Math.max(this.position, this.start);
    const to = Math.min(from + entries, this.entries.length);
    if (to <= from) return;
    const offsets = Array.from({ length: to - from }, (_, i) => from + i);
    const records = offsets.filter((offset) => this.entries[offset]).map(recordAt);
    const end = this.entries.length;
    this.position = to;
    const push = () => {
      this.bytes += this.log.push({ records, from, to, end });
    };
    this.old = push;
    push();
  }

  /** The first record at or after an offset, or the end. */
  next(offset: number): number {
    for (let at = Math.max(offset, this.start); at < this.entries.length; at++) if (this.entries[at]) return at;
    return this.entries.length;
  }
}

type Step =
  | { do: 'append'; records: number; marker: boolean }
  | { do: 'markers'; count: number }
  | { do: 'fetch'; entries: number }
  | { do: 'read'; bytes: number }
  | { do: 'back'; share: number }
  | { do: 'retain'; share: number }
  | { do: 'refresh' }
  | { do: 'old fetch' }
  | { do: 'jump'; entries: number }
  | { do: 'wait' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('append' as const), records: fc.integer({ min: 1, max: 8 }), marker: fc.boolean() }),
  fc.record({ do: fc.constant('markers' as const), count: fc.integer({ min: 1, max: 3 }) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fetch' as const), entries: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), bytes: fc.integer({ min: 1, max: 30 }) }) },
  fc.record({ do: fc.constant('back' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ do: fc.constant('retain' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.constant({ do: 'refresh' as const }),
  fc.constant({ do: 'old fetch' as const }),
  fc.record({ do: fc.constant('jump' as const), entries: fc.integer({ min: 1, max: 4 }) }),
  fc.constant({ do: 'wait' as const }),
);

/** Reads without waiting for the clock. */
async function readNow(world: World, from: number, maxBytes: number): Promise<LogRecord[]> {
  const read = world.log.read(from, maxBytes);
  await settle();
  world.clock.advance(10_000);
  return read;
}

async function run(steps: readonly Step[]): Promise<void> {
  const world = new World();
  const { log } = world;
  const never = new AbortController();
  /** Where the reader stands. */
  let at = 0;
  const take = (records: readonly LogRecord[]) => {
    for (const record of records) {
      // what retention removed may be read from the queue still, and may be missing
      const expected = record.offset >= world.start ? world.next(at) : record.offset;
      expect(record).toEqual(recordAt(expected));
      expect(record.offset).toBeGreaterThanOrEqual(at);
      at = record.offset + 1;
    }
  };
  for (const s of steps) {
    if (s.do === 'append') {
      for (let i = 0; i < s.records; i++) world.entries.push(true);
      if (s.marker) world.entries.push(false);
    } else if (s.do === 'markers') for (let i = 0; i < s.count; i++) world.entries.push(false);
    else if (s.do === 'fetch') world.fetch(s.entries);
    else if (s.do === 'old fetch') world.old?.();
    // as when kafkajs resolves a batch that it fetched before a seek
    else if (s.do === 'jump')
      world.position = world.position && Math.min(world.position + s.entries, world.entries.length);
    else if (s.do === 'retain') world.start = Math.max(world.start, Math.floor(s.share * world.entries.length));
    else if (s.do === 'refresh') await log.refresh();
    else if (s.do === 'wait') void log.waitFor(at, never.signal);
    else if (s.do === 'back') {
      at = Math.floor(s.share * at);
      take(await readNow(world, at, 20));
    } else take(await readNow(world, at, s.bytes));
    await settle();
    expect(world.bytes).toBeGreaterThanOrEqual(0);
  }
  // left to itself it comes to the end
  for (let i = 0; at < world.next(at) || at < world.entries.length; i++) {
    expect(i).toBeLessThan(200);
    await log.refresh();
    // what retention has removed is noted as lost, and gone on from there
    at = Math.max(at, log.start());
    take(await readNow(world, at, 1_000));
    world.fetch(9);
    await settle();
    if (world.next(at) === world.entries.length && log.end() <= at) break;
  }
  await log.refresh();
  expect(world.next(at)).toBe(world.entries.length);
  // only what cannot be read may lie between the reader and the end
  expect(log.end()).toBeLessThanOrEqual(at);
  await log.close();
  expect(world.bytes).toBe(0);
  expect(log.waiting).toBe(false);
}

describe('a partition of a topic as a log', () => {
  test('whatever is fetched, read, sought, removed: no record is lost, doubled or out of order, and bytes sum to 0', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => run(steps)),
      { numRuns: 400 },
    ));

  test('markers of transactions at its end leave nothing to wait for once they were fetched', async () => {
    const world = new World();
    world.entries.push(true, true, false);
    await world.log.refresh();
    expect(world.log.end()).toBe(3);
    await readNow(world, 0, 100);
    world.fetch(3);
    expect((await readNow(world, 0, 100)).map(({ offset }) => offset)).toEqual([0, 1]);
    expect(world.log.end()).toBe(2);
    world.entries.push(false);
    await world.log.refresh();
    expect(world.log.end()).toBe(4);
    world.fetch(5);
    expect(world.log.end()).toBe(2);
    world.entries.push(true);
    world.fetch(5);
    expect(world.log.end()).toBe(5);
    expect((await readNow(world, 2, 100)).map(({ offset }) => offset)).toEqual([4]);
  });

  test('nobody is woken for a marker: a loop that is would never rest', async () => {
    const world = new World();
    world.entries.push(true, false);
    await readNow(world, 0, 1);
    world.fetch(2);
    await readNow(world, 0, 100);
    let woken = false;
    void world.log.waitFor(1, new AbortController().signal).then(() => {
      woken = true;
    });
    world.entries.push(false);
    world.fetch(1);
    await settle();
    expect(woken).toBe(false);
    world.entries.push(true);
    world.fetch(1);
    await settle();
    expect(woken).toBe(true);
  });

  test('a consumer that has lost its place is sent back to it when nothing comes for half a minute', async () => {
    const world = new World();
    world.entries.push(true, true);
    await readNow(world, 0, 1);
    world.fetch(1);
    await readNow(world, 0, 100);
    await world.log.refresh();
    world.position = 2;
    for (let i = 0; i < 59; i++) expect(await readNow(world, 1, 100)).toEqual([]);
    expect(world.sought).toBe(null);
    await readNow(world, 1, 100);
    expect(world.sought).toBe(1);
  });

  test('headers weigh too', async () => {
    const world = new World();
    await readNow(world, 0, 1);
    const headers = [['name', new Uint8Array(1_000)]] as const;
    const bytes = world.log.push({ records: [{ ...recordAt(0), headers }], from: 0, to: 1, end: 1 });
    expect(bytes).toBeGreaterThan(1_000);
  });

  test('a closed log takes nothing, moves nothing, and keeps nobody waiting', async () => {
    const world = new World();
    world.entries.push(true, true);
    await readNow(world, 0, 1);
    world.fetch(1);
    await world.log.close();
    world.sought = null;
    world.fetch(5);
    expect([world.bytes, await world.log.read(5, 10), world.sought]).toEqual([0, [], null]);
    await world.log.waitFor(99, new AbortController().signal);
  });
});
