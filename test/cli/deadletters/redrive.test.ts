import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RedriveOptions, redrive } from '../../../cli/deadletters/redrive.ts';
import { type StreamConfig, streamConfig } from '../../../core/config/stream.ts';
import { Fold } from '../../../detector/fold.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import type { LogRecord } from '../../../ingest/ports.ts';
import { MemoryProducer } from '../../ingest/kafka/memory-producer.ts';
import { foldOf, MemoryLetters, outputs } from './letters.ts';

const NOW = 1_700_000_000_000;
const configOf = (more: object = {}): StreamConfig => streamConfig.parse({ name: 's', topic: 'readings', ...more });
const record = (offset: number, text: string, more: Partial<LogRecord> = {}): LogRecord => ({
  offset,
  appendMs: NOW + offset,
  key: Buffer.from('k'),
  value: Buffer.from(text),
  ...more,
});
const json = (offset: number, value: unknown) => record(offset, JSON.stringify(value));

/** Refused under one configuration, sent again under another. */
async function redriven(
  before: StreamConfig,
  after: StreamConfig,
  records: readonly LogRecord[],
  more: Partial<RedriveOptions> = {},
) {
  const { fold, out } = foldOf(before, records);
  const letters = new MemoryLetters(out.deadLetters);
  const producer = new MemoryProducer();
  const options: RedriveOptions = {
    letters,
    streams: [after],
    watermarkOf: () => fold.watermarkMs,
    partitionsOf: async () => 1,
    producer,
    nowMs: () => NOW + 1_000,
    again: false,
    ...more,
  };
  const outcomes = await redrive([...letters.all], options);
  const sent = producer.records.map(
    ({ record: r }, i): LogRecord => ({ ...r, offset: records.length + i, appendMs: NOW + 1_000 }),
  );
  const state = fold.save();
  const restored = Fold.restore(after, decoderFor(after), state);
  if (!restored.ok) throw new Error(restored.fault.detail);
  const counted = { ...restored.value.counters };
  const late = outputs();
  for (const r of sent) restored.value.record(r, late);
  const gained = Object.fromEntries(
    Object.entries(restored.value.counters).map(([name, n]) => [name, n - counted[name as keyof typeof counted]]),
  );
  return { outcomes, sent, gained, letters, refused: late.deadLetters, options };
}
const tally = (outcomes: readonly { outcome: string }[]) => outcomes.map(({ outcome }) => outcome);

describe('after a fix', () => {
  it('sends the record verbatim, and only the bad points of it are counted', async () => {
    const values = { a: 1, b: 2, c: 3 };
    const log = [json(0, { entity: 'web', time: NOW, values }), json(1, [{ entity: 'web', time: NOW + 1, values }])];
    log[0]!.headers = [['trace', Uint8Array.of(1)]];
    const run = await redriven(configOf({ limits: { metricsPerEntity: 2 } }), configOf(), log);
    expect(tally(run.outcomes)).toEqual(['sent', 'sent']);
    expect(run.sent.map(({ value }) => value)).toEqual(log.map(({ value }) => value));
    expect(run.sent[0]).toMatchObject({ key: Buffer.from('k'), partition: 0 });
    expect(run.sent[0]!.headers![0]).toEqual(['trace', Uint8Array.of(1)]);
    expect(run.gained).toMatchObject({ applied: 2, duplicate: 0, dead_lettered: 0 });
    expect(run.letters.all[0]).toMatchObject({ redrivenMs: NOW + 1_000, redriveNote: 'sent to readings:0:0' });
  });

  it('a line that nobody owned goes alone', async () => {
    const lines = 'cpu,host=a v=1 1700000000000000000\ncpu,node=b v=2 1700000000000000000\n';
    const text = `${lines}# and\ncpu,node=c v=3 1700000000000000000`;
    const run = await redriven(
      configOf({ encoding: 'influx' }),
      configOf({ encoding: 'influx', entityTags: ['host', 'node'] }),
      [record(0, text)],
    );
    expect(tally(run.outcomes)).toEqual(['sent', 'sent']);
    expect(run.sent.map(({ value }) => Buffer.from(value).toString())).toEqual([
      'cpu,node=b v=2 1700000000000000000\ncpu,node=c v=3 1700000000000000000',
    ]);
    expect(run.gained).toMatchObject({ applied: 2, duplicate: 0, dead_lettered: 0 });
  });

  it('a line without a time keeps that of its first append', async () => {
    const after = configOf({ encoding: 'influx' });
    const run = await redriven(configOf({ encoding: 'influx', limits: { metricsPerEntity: 1 } }), after, [
      record(0, 'cpu,host=a v=1,w=2'),
    ]);
    expect(run.gained).toMatchObject({ applied: 1, duplicate: 0 });
  });

  it('a record that was no record is taken whole, log events too', async () => {
    const body = [
      { entity: 'a', time: NOW, values: { m: 1 } },
      { entity: 'a', time: NOW, level: 'error', body: 'no' },
    ];
    const run = await redriven(configOf({ encoding: 'influx' }), configOf(), [json(0, body)]);
    expect(run.gained).toMatchObject({ applied: 1, events: 1 });
  });

  it('more bad points than letters are all taken, and the good ones of the record are known', async () => {
    const values = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`, i]));
    const run = await redriven(configOf({ limits: { metricsPerEntity: 10 } }), configOf(), [
      json(0, { entity: 'web', time: NOW, values }),
    ]);
    expect(run.outcomes).toHaveLength(64);
    expect(run.sent).toHaveLength(1);
    expect(run.gained).toMatchObject({ applied: 90, duplicate: 10, dead_lettered: 0 });
  });

  it('a letter of a record that was sent again before goes for its own point still', async () => {
    const log = [json(0, { entity: 'web', time: NOW, values: { a: 1, b: 2, c: 3 } })];
    const two = await redriven(
      configOf({ limits: { metricsPerEntity: 1 } }),
      configOf({ limits: { metricsPerEntity: 2 } }),
      log,
    );
    expect(two.gained).toMatchObject({ applied: 1, dead_lettered: 1, duplicate: 0 });
    const again = new MemoryLetters(two.refused);
    const producer = new MemoryProducer();
    await redrive(again.all, { ...two.options, letters: again, producer });
    const { fold } = foldOf(
      configOf(),
      producer.records.map(({ record: r }) => ({ ...r, offset: 9, appendMs: NOW })),
    );
    expect(fold.counters).toMatchObject({ applied: 1, dead_lettered: 0 });
  });
});

describe('what cannot be sent says why', () => {
  const log = [json(0, { entity: 'web', time: NOW, values: { a: 1, b: 2 } })];
  const tight = configOf({ limits: { metricsPerEntity: 1 } });

  it('it would be refused again', async () => {
    const bad = [record(0, '{"entity":"web","time":1700000000000,"values":{"a":"x","b":2}}'), record(1, 'no json')];
    const run = await redriven(configOf(), configOf(), bad);
    expect(tally(run.outcomes)).toEqual(['still_bad', 'still_bad']);
    expect(run.outcomes[0]!.why).toContain('value_not_number');
    expect(run.sent).toEqual([]);
  });

  it('its window has closed', async () => {
    const run = await redriven(tight, configOf(), log, { watermarkOf: () => NOW + 10_000 });
    expect(tally(run.outcomes)).toEqual(['window_closed']);
    expect(run.outcomes[0]!.why).toContain('2023-11-14T22:13:20.000Z');
  });

  it('it is the rate of a total, which the next one was counted from', async () => {
    const totals = [0, 1].map((i) =>
      json(i, { entity: 'web', time: NOW + i, totals: { a: i, b: i, c: { count: i } } }),
    );
    const run = await redriven(tight, configOf(), totals);
    expect(tally(run.outcomes)).toEqual(['not_found', 'not_found']);
    expect(run.outcomes[0]!.why).toContain('rate of a total');
  });

  it('its time is still to come, and once it has come it is sent', async () => {
    const ahead = [json(0, { entity: 'web', time: NOW + 3_600_000, values: { a: 1 } })];
    expect((await redriven(configOf(), configOf(), ahead)).outcomes[0]).toMatchObject({ outcome: 'still_bad' });
    const later = await redriven(configOf(), configOf(), ahead, { nowMs: () => NOW + 3_600_000 });
    expect(tally(later.outcomes)).toEqual(['sent']);
  });

  it.each([
    ['topic_gone', { partitionsOf: async (): Promise<null> => null }],
    ['topic_gone', { partitionsOf: async (): Promise<number> => 0 }],
    ['stream_gone', { streams: [] }],
  ] as const)('%s', async (outcome, more) => {
    expect((await redriven(tight, configOf(), log, more)).outcomes[0]).toMatchObject({ outcome });
  });

  it('the embedded log is no topic', async () => {
    const letters = new MemoryLetters(foldOf(tight, log).out.deadLetters, null);
    const { options } = await redriven(tight, configOf(), log);
    const [only] = await redrive(letters.all, { ...options, letters });
    expect(only).toMatchObject({ outcome: 'no_topic' });
  });

  it('it was sent before, unless it is wanted again', async () => {
    const { letters, options, sent } = await redriven(tight, configOf(), log);
    expect(sent).toHaveLength(1);
    expect(tally(await redrive(letters.all, options))).toEqual(['sent_before']);
    expect(tally(await redrive(letters.all, { ...options, again: true }))).toEqual(['sent']);
  });

  it('nothing is sent or marked in a dry run', async () => {
    const run = await redriven(tight, configOf(), log, { producer: null });
    expect(tally(run.outcomes)).toEqual(['ready']);
    expect(run.letters.all[0]!.redrivenMs).toBeNull();
  });

  it('a record that the broker refuses does not hold up the others', async () => {
    const producer = new MemoryProducer();
    producer.maxBytes = 80;
    const many = [json(0, { entity: 'web', time: NOW, values: { a: 1, b: 2, ccccccccccccccccccccccccc: 3 } }), ...log];
    const run = await redriven(
      tight,
      configOf(),
      many.map((r, offset) => ({ ...r, offset })),
      { producer },
    );
    expect(new Set(tally(run.outcomes))).toEqual(new Set(['refused', 'sent']));
  });

  it('a broker that is away ends the run with its fault, and nothing is marked', async () => {
    const producer = new MemoryProducer();
    producer.down = ['request'];
    await expect(redriven(tight, configOf(), log, { producer })).rejects.toMatchObject({ code: 'broker_unavailable' });
  });
});

/** Records of one open window, with several points each; some values are no numbers. */
const anyRecords = fc.array(
  fc.record({
    entity: fc.constantFrom('a', 'b', 'c'),
    time: fc.integer({ min: 0, max: 9_000 }),
    list: fc.boolean(),
    values: fc.dictionary(
      fc.constantFrom('m0', 'm1', 'm2', 'm3', 'm4'),
      fc.oneof({ weight: 5, arbitrary: fc.integer() }, { weight: 1, arbitrary: fc.constant('x') }),
      { minKeys: 1, noNullPrototype: true },
    ),
  }),
  { minLength: 1, maxLength: 30 },
);

it('for any mix of bad and good points, every bad one is applied once and no good one twice', async () => {
  const start = Math.floor(NOW / 10_000) * 10_000;
  const limits = fc.record({
    metricsPerEntity: fc.integer({ min: 1, max: 4 }),
    entities: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(anyRecords, limits, async (all, tight) => {
      const window = { allowedLateness: '20s' };
      const log = all.map(({ entity, time, list, values }, offset) => {
        const object = { entity, time: start + time, values };
        return json(offset, list ? [object, object] : object);
      });
      const run = await redriven(configOf({ window, limits: tight }), configOf({ window }), log);
      const points = new Map<string, Set<number>>();
      let read = 0;
      for (const { entity, time, list, values } of all)
        for (const [metric, value] of Object.entries(values)) {
          read += list ? 2 : 1;
          const key = `${entity} ${metric} ${time}`;
          if (typeof value === 'number') points.set(key, (points.get(key) ?? new Set()).add(value));
        }
      const first = foldOf(configOf({ window, limits: tight }), log).fold.counters;
      expect(first.applied + first.duplicate + first.dead_lettered).toBe(read);
      // every point that is a number is applied exactly once, whoever was first; none is refused again
      expect(first.applied + run.gained.applied!).toBe(points.size);
      expect(run.gained.dead_lettered).toBe(0);
      // and what is counted again is what was refused, to the point: the good ones of those records are passed over
      const refused = run.letters.all.filter(({ redrivenMs }) => redrivenMs !== null);
      expect(run.gained.applied! + run.gained.duplicate!).toBe(refused.length);
    }),
    { numRuns: 150 },
  );
});
