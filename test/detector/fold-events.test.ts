import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamConfig } from '../../core/config/stream.ts';
import { Fold } from '../../detector/fold.ts';
import { FoldState } from '../../detector/fold-state.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import type { LogRecord, Outputs } from '../../ingest/ports.ts';
import { newOutputs, testConfig } from './make.ts';

const config = testConfig();
const decoder = decoderFor(config);
const START_MS = 1_700_000_000_000;
const SECOND_MS = 1000;

interface Line {
  entity: string;
  time: number;
  level?: string;
  body?: string;
  values?: Record<string, number>;
}
const recordOf = (offset: number, appendMs: number, lines: readonly Line[]): LogRecord => ({
  offset,
  appendMs,
  key: null,
  value: new TextEncoder().encode(JSON.stringify(lines)),
});
const event = (second: number, level?: string, entity = 'a'): Line => ({
  ...{ entity, time: START_MS + second * SECOND_MS, body: 'text' },
  ...(level !== undefined && { level }),
});
const point = (second: number, values: Record<string, number>, entity = 'a'): Line => ({
  ...{ entity, time: START_MS + second * SECOND_MS, values },
});

/** Folds lines, a record each, in the order given; what is appended comes as it happens. */
function run(lines: readonly Line[], stream: StreamConfig = config, fold = new Fold(stream, decoder)) {
  const out = newOutputs();
  let appendMs = START_MS;
  for (const [offset, line] of lines.entries()) {
    appendMs = Math.max(appendMs, line.time);
    fold.record(recordOf(offset, appendMs, [line]), out);
  }
  return { fold, out };
}

/** Counts of log events in each window, by level. */
const counts = ({ verdicts }: Outputs, entity = 'a') =>
  verdicts
    .filter((v) => v.entity === entity)
    .map(({ readings, windowStartMs }) => [
      (windowStartMs - START_MS) / SECOND_MS,
      Object.fromEntries(
        readings.features
          .map((name, i): [string, number] => [name, readings.values[i]!])
          .filter(([name]) => name.startsWith('log.'))
          .map(([name, value]) => [name.slice(4, name.indexOf('__')), value]),
      ),
    ]);
const beats = (from: number, to: number): Line[] =>
  Array.from({ length: to - from }, (_, i) => point(from + i, { load: (from + i) % 7 }));
const inOrder = (lines: Line[]): Line[] => lines.sort((a, b) => a.time - b.time);

describe('log events of an entity', () => {
  test('are counted by level and window, with 0 where none came, from its first event on', () => {
    const events = [event(12, 'ERROR'), event(13, 'err'), event(13, 'err'), event(14, 'info'), event(35, 'warning')];
    const { fold, out } = run(inOrder([...beats(0, 60), ...events]));
    expect(counts(out)).toEqual([
      [0, {}],
      [10, { error: 2 + 1, fatal: 0, info: 1, warn: 0 }],
      [20, { error: 0, fatal: 0, info: 0, warn: 0 }],
      [30, { error: 0, fatal: 0, info: 0, warn: 1 }],
      [40, { error: 0, fatal: 0, info: 0, warn: 0 }],
    ]);
    expect(fold.counters).toMatchObject({ events: 5, applied: 60, dead_lettered: 0, duplicate: 0 });
    expect(fold.tallies.events).toMatchObject({ error: 3, info: 1, warn: 1, fatal: 0, unknown: 0 });
  });

  test('leave entities that send none as they are', () => {
    const { out } = run(inOrder([...beats(0, 40), event(5, 'error', 'b')]));
    expect(counts(out)).toEqual([[0, {}], [10, {}], [20, {}]]); // biome-ignore format: one row
    expect(counts(out, 'b')).toEqual([[0, { error: 1, fatal: 0, warn: 0 }]]);
  });

  test('make windows of their own where nothing is measured', () => {
    const { out } = run([event(1, 'info'), event(2, 'info'), event(31), event(70, 'info')]);
    expect(counts(out)).toEqual([
      [0, { info: 2, error: 0, fatal: 0, warn: 0, unknown: 0 }],
      [30, { info: 0, error: 0, fatal: 0, warn: 0, unknown: 1 }],
    ]);
  });

  test('that are late or from the future are counted into no window', () => {
    const lines = [...beats(0, 40), event(12, 'error')];
    const fold = new Fold(config, decoder);
    const { out } = run(lines, config, fold);
    fold.record(recordOf(99, START_MS + 40_000, [event(9000, 'error')]), out);
    run(beats(41, 60), config, fold);
    expect(counts(out).every(([, levels]) => Object.keys(levels!).length === 0)).toBe(true);
    expect(fold.counters.events).toBe(2);
  });

  test('count in every window that slides over them', () => {
    const sliding = testConfig({ window: { size: '20s', hop: '10s', allowedLateness: '2s' } });
    const { out } = run(
      inOrder([...beats(0, 70), event(15, 'error'), event(25, 'error'), event(26, 'error')]),
      sliding,
    );
    expect(counts(out).map(([start, levels]) => [start, (levels as Record<string, number>).error])).toEqual([
      [-10, undefined],
      [0, 1],
      [10, 3],
      [20, 2],
      [30, 0],
      [40, 0],
    ]);
  });

  test('of levels that the stream excludes are not counted', () => {
    const quiet = testConfig({ metrics: { exclude: ['log.info', 'log.warn'] } });
    const { fold, out } = run(inOrder([...beats(0, 30), event(5, 'info', 'b'), event(6, 'error')]), quiet);
    expect(counts(out)).toEqual([[0, { error: 1, fatal: 0 }], [10, { error: 0, fatal: 0 }]]); // biome-ignore format: one row
    expect(fold.state.windows.entities.has('b')).toBe(false);
    expect(fold.counters.events).toBe(2);
  });

  test('stay within the limits of entities and metrics', () => {
    const small = testConfig({ limits: { entities: 2, metricsPerEntity: 3 } });
    const lines = inOrder([...beats(0, 40), ...['b', 'c', 'd'].map((entity) => event(5, 'error', entity))]);
    const { fold, out } = run([...lines.slice(0, 5), event(5, 'debug'), ...lines.slice(5)], small);
    expect([...fold.state.windows.entities.keys()]).toEqual(['a', 'b']);
    expect(fold.state.windows.entities.get('a')!.metrics.names).toEqual(['load', 'log.debug', 'log.warn']);
    expect(counts(out)[0]).toEqual([0, { debug: 1, warn: 0 }]);
  });

  test('do not replace what a sender itself measures under such a name', () => {
    const { out } = run(
      inOrder([point(1, { 'log.error': 7 }), event(2, 'error'), event(12, 'error'), point(40, { load: 1 })]),
    );
    expect(counts(out)).toEqual([
      [0, { error: 7, fatal: 0, warn: 0 }],
      [10, { error: 1, fatal: 0, warn: 0 }],
    ]);
  });
});

test('a burst of errors opens an incident that names log.error', () => {
  // a share of one in a thousand shows after about as many windows
  const burst = 10_000;
  const lines: Line[] = [];
  for (let t = 0; t < burst + 100; t += 4) lines.push(point(t, { load: t % 7 }), event(t, 'info'));
  for (let t = burst; t < burst + 60; t++) for (let i = 0; i < 8; i++) lines.push(event(t, 'error'));
  const { out } = run(inOrder(lines));
  const [incident, ...others] = out.incidents.filter((i) => i.windows === 1 && i.resolvedMs === null);
  expect(others).toEqual([]);
  expect(incident).toMatchObject({ entity: 'a', kind: 'anomaly' });
  expect((incident!.startMs - START_MS) / SECOND_MS).toBe(burst);
  expect(incident!.attributions[0]!.metric).toBe('log.error');
  expect(incident!.summary).toBe('log.error 80, expected 0');
});

test('crashed at any record and resumed from a saved state, the counts go on as if nothing had been', () => {
  const line = fc.record({
    entity: fc.constantFrom('a', 'b'),
    step: fc.integer({ min: -6000, max: 9000 }),
    level: fc.constantFrom('error', 'info', 'WARN', 'odd', undefined),
    value: fc.integer({ min: 0, max: 9 }),
    isEvent: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 80 }), fc.nat(), fc.boolean(), (steps, at, slides) => {
      const stream = slides ? testConfig({ window: { size: '20s', hop: '5s', allowedLateness: '2s' } }) : config;
      let nowMs = START_MS;
      const log = steps.map(({ entity, step, level, value, isEvent }, offset) => {
        nowMs += Math.max(0, step);
        const time = nowMs + Math.min(0, step);
        const event = { body: 'x', ...(level !== undefined && { level }) };
        return recordOf(offset, nowMs, [{ entity, time, ...(isEvent ? event : { values: { load: value } }) }]);
      });
      const whole = { fold: new Fold(stream, decoder), out: newOutputs() };
      for (const record of log) whole.fold.record(record, whole.out);
      const cut = at % (log.length + 1);
      const out = newOutputs();
      let fold = new Fold(stream, decoder);
      for (const record of log.slice(0, cut)) fold.record(record, out);
      const restored = Fold.restore(stream, decoder, fold.save());
      if (!restored.ok) throw new Error(restored.fault.detail);
      fold = restored.value;
      for (const record of log.slice(cut)) fold.record(record, out);
      expect(out).toEqual(whole.out);
      expect(Buffer.compare(fold.save(), whole.fold.save())).toBe(0);
      const counted = new Map<string, number>();
      for (const { windowStartMs, readings } of slides ? [] : whole.out.verdicts)
        readings.features.forEach((name, i) => {
          if (name.startsWith('log.')) counted.set(name, (counted.get(name) ?? 0) + readings.values[i]!);
          expect(windowStartMs).toBeLessThan(nowMs);
        });
      expect([...counted.values()].reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(whole.fold.counters.events);
    }),
  );
});

test('a state of another format is told apart from a damaged one', () => {
  const saved = run([...beats(0, 5), event(6, 'error')]).fold.save();
  const older = saved.slice();
  new DataView(older.buffer).setUint32(4 + 'TWSTATE'.length, 3, true);
  for (const read of [FoldState.modelOf(older), FoldState.load(config, older, undefined)])
    expect(read).toMatchObject({ ok: false, fault: { code: 'state_mismatch' } });
  const cut = saved.slice(0, -1);
  expect(FoldState.load(config, cut, undefined)).toMatchObject({ ok: false, fault: { code: 'state_corrupt' } });
});
