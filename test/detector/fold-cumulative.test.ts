import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fold } from '../../detector/fold.ts';
import { tidewatchJsonDecoder } from '../../ingest/decode/tidewatch-json.ts';
import type { LogRecord, Outputs } from '../../ingest/ports.ts';
import { newOutputs, testConfig } from './make.ts';

const config = testConfig();
const decoder = tidewatchJsonDecoder();
const BASE_MS = 1_700_000_000_000;

const recordOf = (offset: number, value: object): LogRecord => ({
  offset,
  appendMs: BASE_MS + offset * 1000,
  key: null,
  value: new TextEncoder().encode(JSON.stringify(value)),
});

function foldAll(log: readonly LogRecord[], fold = new Fold(config, decoder), out: Outputs = newOutputs()) {
  for (const record of log) fold.record(record, out);
  return { fold, out };
}

/** Counters and histograms that grow, restart, fall, repeat and come late. */
const anyLog = fc
  .array(
    fc.record({
      entity: fc.constantFrom('a', 'b'),
      shift: fc.constantFrom(0, 0, 0, 0, -3, -60, 100),
      total: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(50) }),
      restart: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 20, maxLength: 120 },
  )
  .map((points) => {
    let since = BASE_MS - 5000;
    return points.map(({ entity, shift, total, restart }, i) => {
      if (restart === 0) since = BASE_MS + i * 1000 - 400;
      const count = total ?? i * 3;
      const h = { count, sum: count / 2, bounds: [10], buckets: [count, 0] };
      return recordOf(i, { entity, time: BASE_MS + (i + shift) * 1000, since, totals: { n: count, h } });
    });
  });

test('stopped anywhere among cumulative points and gone on from what was saved, it yields the same bytes', () => {
  fc.assert(
    fc.property(anyLog, fc.nat(119), (log, cut) => {
      const whole = foldAll(log);
      const half = foldAll(log.slice(0, cut));
      const restored = Fold.restore(config, decoder, half.fold.save());
      if (!restored.ok) throw new Error(restored.fault.detail);
      const rest = foldAll(log.slice(cut), restored.value, half.out);
      expect(rest.out).toEqual(whole.out);
      expect(Buffer.compare(rest.fold.save(), whole.fold.save())).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test('a state that forgot its series would not: the planted fault is seen', () => {
  const log = Array.from({ length: 60 }, (_, i) =>
    recordOf(i, { entity: 'a', time: BASE_MS + i * 1000, totals: { n: i * i } }),
  );
  const whole = foldAll(log);
  const fresh = foldAll(log.slice(30), new Fold(config, decoder));
  expect(Buffer.compare(fresh.fold.save(), whole.fold.save())).not.toBe(0);
});

test('a counter is judged by its rate', () => {
  const log = Array.from({ length: 40 }, (_, i) =>
    recordOf(i, { entity: 'a', time: BASE_MS + i * 1000, totals: { n: i * 7 } }),
  );
  const { out, fold } = foldAll(log);
  expect(out.verdicts.length).toBeGreaterThan(1);
  for (const { readings } of out.verdicts) {
    expect(readings.features).toEqual(['n__mean__10s']);
    expect([...readings.values]).toEqual([7]);
  }
  expect(fold.counters).toMatchObject({ applied: 40, dead_lettered: 0 });
});

test('every cumulative point has one disposition, and one from the future is not what later ones are counted from', () => {
  const at = (offset: number, seconds: number, n: number) =>
    recordOf(offset, { entity: 'a', time: BASE_MS + seconds * 1000, totals: { n } });
  const { out, fold } = foldAll([
    at(0, 0, 10),
    at(1, 5000, 1),
    at(2, 1, 12),
    at(3, 1, 12),
    at(4, 1, 13),
    at(5, 0, 10),
    at(6, 2, 14),
  ]);
  expect(out.deadLetters.map((letter) => [letter.offset, letter.point, letter.fault.code])).toEqual([
    [1, 0, 'time_in_future'],
  ]);
  expect(fold.counters).toMatchObject({ applied: 3, duplicate: 2, conflicts: 1, late: 1, dead_lettered: 1 });
});
