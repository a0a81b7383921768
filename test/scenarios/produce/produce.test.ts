import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import { streamConfig } from '../../../core/config/stream.ts';
import { fail, ok, type Result } from '../../../core/errors.ts';
import type { OutgoingRecord, Placed } from '../../../ingest/kafka/ports.ts';
import type { LogRecord } from '../../../ingest/ports.ts';
import { mergeRecords } from '../../../scenarios/produce/merge.ts';
import { Outgoing } from '../../../scenarios/produce/outgoing.ts';
import { MAX_SPEED, Pace } from '../../../scenarios/produce/pace.ts';
import { type ProduceOptions, produce } from '../../../scenarios/produce/produce.ts';
import { settle } from '../../ingest/partition-bench.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
const config = (encoding = 'tidewatch_json') => streamConfig.parse({ name: 's', encoding });
const record = (offset: number, appendMs = offset, value = `v${offset}`): LogRecord => ({
  offset,
  appendMs,
  key: utf8('k'),
  value: utf8(value),
});
const count = (n: number, value?: string): LogRecord[] => Array.from({ length: n }, (_, i) => record(i, i, value));

/** A topic in memory; `refuse` may answer in its place. */
class Topic {
  readonly clock = new ManualClock(1_000_000);
  readonly got: { ms: number; key: string | null; value: string | null }[] = [];
  sends = 0;
  refuse: (records: readonly OutgoingRecord[]) => Result<readonly Placed[]> | null = () => null;

  async send(_topic: string, records: readonly OutgoingRecord[]): Promise<Result<readonly Placed[]>> {
    this.sends++;
    const refused = this.refuse(records);
    if (refused !== null) return refused;
    for (const { key, value } of records)
      this.got.push({ ms: this.clock.now() - 1_000_000, key: text(key), value: text(value) });
    return ok([]);
  }

  run(records: readonly LogRecord[], more: Partial<ProduceOptions> & { speed?: number } = {}) {
    const notices: string[] = [];
    const acknowledged: number[] = [];
    const stop = new AbortController();
    async function* from() {
      yield records.slice(0, 2);
      yield records.slice(2);
    }
    const done = produce({
      topic: 't',
      producer: this,
      clock: this.clock,
      pace: new Pace(this.clock, more.speed ?? MAX_SPEED),
      outgoing: new Outgoing({ config: config(), shiftMs: 0 }),
      open: async () => from(),
      rounds: 1,
      roundPaceMs: 0,
      roundShiftMs: 0,
      skip: 0,
      signal: stop.signal,
      onAcknowledged: (position) => {
        acknowledged.push(position);
      },
      onNotice: (message) => notices.push(message),
      ...more,
    });
    return { done, notices, acknowledged, stop };
  }
}

describe('the pace', () => {
  const records = [record(0, 5_000), record(1, 5_000), record(2, 6_000), record(3, 9_000)];
  const times = async (speed: number, stepMs: number) => {
    const topic = new Topic();
    const { done } = topic.run(records, { speed });
    for (let i = 0; i < 50; i++) {
      await settle();
      topic.clock.advance(stepMs);
    }
    expect(await done).toBe(true);
    return topic.got.map(({ ms }) => ms);
  };

  test('is that of the append times, the first record at once', async () => {
    expect(await times(1, 100)).toEqual([0, 0, 1_000, 4_000]);
  });

  test('can be a multiple of it', async () => {
    expect(await times(10, 10)).toEqual([0, 0, 100, 400]);
  });

  test('is no matter at full speed', async () => {
    const topic = new Topic();
    expect(await topic.run(records).done).toBe(true);
    expect([topic.got.length, topic.sends]).toEqual([4, 1]);
  });

  test('catches up after brokers were away', async () => {
    const topic = new Topic();
    const { done } = topic.run(records, { speed: 1 });
    topic.refuse = () => (topic.clock.now() < 1_007_000 ? fail('broker_unavailable', '') : null);
    for (let i = 0; i < 150; i++) {
      await settle();
      topic.clock.advance(100);
    }
    expect(await done).toBe(true);
    const [first, , third, last] = topic.got.map(({ ms }) => ms);
    expect(first).toBeGreaterThanOrEqual(7_000);
    expect([third, last]).toEqual([first, first]);
  });
});

describe('brokers', () => {
  test('that are away are waited for, and every record arrives once they are back, in order', async () => {
    const topic = new Topic();
    let refusals = 5;
    topic.refuse = () => (refusals-- > 0 ? fail('broker_unavailable', 'gone') : null);
    const { done, notices, acknowledged } = topic.run(count(10));
    for (let i = 0; i < 10; i++) {
      await settle();
      topic.clock.advance(5_000);
    }
    expect(await done).toBe(true);
    expect(topic.got.map(({ value }) => value)).toEqual(count(10).map(({ value }) => text(value)));
    expect(notices).toEqual(['Kafka does not take records (broker_unavailable); waiting', 'Kafka takes records again']);
    expect(acknowledged).toEqual([10]);
  });

  test('that refuse us end the run, and so does a topic that stays away', async () => {
    for (const code of ['broker_refused', 'topic_missing'] as const) {
      const topic = new Topic();
      topic.refuse = () => fail(code, 'no');
      const { done } = topic.run(count(10));
      const failed = expect(done).rejects.toMatchObject({ code });
      for (let i = 0; i < 20; i++) {
        await settle();
        topic.clock.advance(5_000);
      }
      await failed;
    }
  });

  test('that take only small batches get them, and what is too large alone is left out and said', async () => {
    const topic = new Topic();
    topic.refuse = (records) =>
      records.length > 3 || records.some(({ value }) => text(value) === 'v7')
        ? fail('record_too_large', 'limit')
        : null;
    const { done, notices } = topic.run(count(10));
    expect(await done).toBe(true);
    expect(topic.got.map(({ value }) => value)).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v8', 'v9']);
    expect(notices).toEqual(['a record of 2 bytes is left out: limit']);
  });
});

describe('an interrupted run', () => {
  test('stops after the batch under way and goes on right behind what was acknowledged', async () => {
    const records = count(300, 'x'.repeat(10_000));
    const topic = new Topic();
    const first = topic.run(records, {
      onAcknowledged: (position) => {
        first.acknowledged.push(position);
        if (position > 100) first.stop.abort();
      },
    });
    expect(await first.done).toBe(false);
    const position = first.acknowledged.at(-1)!;
    expect(position).toBe(topic.got.length);
    expect(position).toBeLessThan(300);
    const second = topic.run(records, { skip: position });
    expect(await second.done).toBe(true);
    expect(topic.got).toHaveLength(300);
    expect(second.acknowledged.at(-1)).toBe(300);
  });

  test('does not wait for brokers that are away', async () => {
    const topic = new Topic();
    topic.refuse = () => fail('broker_unavailable', '');
    const { done, stop, acknowledged } = topic.run(count(3));
    await settle();
    stop.abort();
    expect(await done).toBe(false);
    expect(acknowledged).toEqual([]);
  });

  test('of other recordings is not gone on with', async () => {
    await expect(new Topic().run(count(3), { skip: 4 }).done).rejects.toMatchObject({ code: 'request_invalid' });
  });

  test('goes on in the round in which it stopped', async () => {
    const topic = new Topic();
    const { done, acknowledged } = topic.run(count(3), { rounds: 3, skip: 4 });
    expect(await done).toBe(true);
    expect(topic.got.map(({ value }) => value)).toEqual(['v1', 'v2', 'v0', 'v1', 'v2']);
    expect(acknowledged.at(-1)).toBe(9);
  });
});

describe('keys', () => {
  const keyless = (value: string): LogRecord => ({ offset: 0, appendMs: 0, key: null, value: utf8(value) });
  const sent = (outgoing: Outgoing, value: string) =>
    outgoing.of(keyless(value)).map((made) => [text(made.key), text(made.value), made.partition]);
  const a = '{"entity":"a","time":1,"values":{"x":1}}';
  const b = '{"entity":"b","time":1,"values":{"x":2}}';

  test('are kept, and made of the entity where there is none', () => {
    const outgoing = new Outgoing({ config: config(), shiftMs: 0 });
    expect(text(outgoing.of(record(0))[0]!.key)).toBe('k');
    expect(sent(outgoing, a)).toEqual([['a', a, undefined]]);
    expect(sent(outgoing, 'broken')).toEqual([[null, 'broken', undefined]]);
  });

  test('of a record of several entities: one record an entity', () => {
    const outgoing = new Outgoing({ config: config(), shiftMs: 0 });
    expect(sent(outgoing, `[${a},${b}]`)).toEqual([
      ['a', a, undefined],
      ['b', b, undefined],
    ]);
    expect(outgoing.counts.unsplit).toBe(0);
  });

  test('of a record of several entities in another encoding: none, and counted', () => {
    const outgoing = new Outgoing({ config: config('influx'), shiftMs: 0 });
    const lines = 'm,host=a x=1 1\nm,host=b x=2 1';
    expect(sent(outgoing, lines)).toEqual([[null, lines, undefined]]);
    expect(outgoing.counts.unsplit).toBe(1);
  });

  test('do not matter when all goes to one partition', () => {
    const outgoing = new Outgoing({ config: config(), shiftMs: 0, partition: 3 });
    expect(sent(outgoing, `[${a},${b}]`)).toEqual([[null, `[${a},${b}]`, 3]]);
  });

  test('headers and tombstones go along, and what no worker reads is left out and counted', () => {
    const outgoing = new Outgoing({ config: config(), shiftMs: 7 });
    const headers = [['h', utf8('1')]] as const;
    const tombstone: LogRecord = { ...record(0), value: new Uint8Array(0), tombstone: true, headers };
    expect(outgoing.of(tombstone)).toEqual([{ key: utf8('k'), value: new Uint8Array(0), tombstone: true, headers }]);
    expect(outgoing.of({ ...record(0), value: new Uint8Array((1 << 20) + 1) })).toEqual([]);
    expect(outgoing.counts.tooLarge).toBe(1);
  });

  test('event times move, in each round further', () => {
    const outgoing = new Outgoing({ config: config(), shiftMs: 100 });
    expect(text(outgoing.of(keyless(a), 1_000)[0]!.value)).toContain('"time":1101');
  });
});

test('recordings are merged by append time, each in its own order', async () => {
  async function* of(...records: LogRecord[]) {
    for (const r of records)
      yield [
        { kind: 'control' as const, json: '{}' },
        { kind: 'record' as const, ...r },
      ];
    yield [];
  }
  const merged: string[] = [];
  const sources = [of(record(0, 10), record(1, 30), record(2, 20)), of(record(9, 15), record(8, 40)), of()];
  for await (const run of mergeRecords(sources)) merged.push(...run.map(({ offset }) => String(offset)));
  expect(merged).toEqual(['0', '9', '1', '2', '8']);
});
