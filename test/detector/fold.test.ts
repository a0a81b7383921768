import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sample } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { LogRecord, Outputs } from '../../ingest/ports.ts';
import { decoder, foldAll, makeModel, newOutputs, recordOf, testConfig } from './make.ts';

const config = testConfig();
const ENTITIES = ['a', 'b', 'c'];
const model = makeModel(config, ENTITIES, 3);

/** A log with what telemetry does: several points a record, repeats, conflicts, late and future points, broken records. */
const anyLog = fc
  .array(
    fc.record({
      entity: fc.constantFrom(...ENTITIES, 'newcomer'),
      step: fc.integer({ min: 0, max: 4000 }),
      shift: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -1500, max: 0 }) },
        { weight: 1, arbitrary: fc.integer({ min: -60_000, max: 120_000 }) },
      ),
      values: fc.array(fc.double({ min: -500, max: 500, noNaN: true }), { minLength: 1, maxLength: 3 }),
      broken: fc.integer({ min: 0, max: 19 }),
      repeat: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 150 },
  )
  .map((steps): LogRecord[] => {
    const log: LogRecord[] = [];
    let nowMs = 1_000_000;
    for (const { entity, step, shift, values, broken, repeat } of steps) {
      nowMs += step;
      if (broken === 0) log.push(recordOf(log.length, nowMs, 'broken'));
      else if (repeat === 0 && log.length > 0)
        log.push({ ...log[Math.floor(log.length / 2)]!, offset: log.length, appendMs: nowMs });
      else
        log.push(
          recordOf(log.length, nowMs, [
            { entity, timeMs: nowMs + shift, names: values.map((_, m) => `m${m}`), values },
          ]),
        );
    }
    return log;
  });

function served(log: readonly LogRecord[], withModel: boolean): { fold: Fold; out: Outputs } {
  const fold = new Fold(config, decoder);
  if (withModel) fold.control(modelEntry, newOutputs(), model);
  return foldAll(config, log, fold);
}

const modelEntry = { kind: 'model', modelId: modelIdOf(model), sha256: '', offset: 0, sequence: 1 } as const;
const pointsIn = (log: readonly LogRecord[]): number => {
  let points = 0;
  for (const { value } of log) {
    const text = new TextDecoder().decode(value);
    points += text.startsWith('[') ? (JSON.parse(text) as Sample[]).reduce((n, s) => n + s.names.length, 0) : 1;
  }
  return points;
};

describe.each([false, true])('the fold (with a model: %s)', (withModel) => {
  test('gives every point exactly one disposition', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const { applied, late, duplicate, dead_lettered, filtered } = served(log, withModel).fold.counters;
        expect(applied + late + duplicate + dead_lettered + filtered).toBe(pointsIn(log));
      }),
    );
  });

  test('crashed at any record and resumed from a saved state, it gives the same outputs and the same bytes', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), (log, at) => {
        const whole = served(log, withModel);
        const cut = at % (log.length + 1);
        const first = served(log.slice(0, cut), withModel);
        const restored = Fold.restore(config, decoder, first.fold.save(), withModel ? model : undefined);
        if (!restored.ok) throw new Error(restored.fault.detail);
        expect(Buffer.compare(restored.value.save(), first.fold.save())).toBe(0);
        const rest = foldAll(config, log.slice(cut), restored.value);
        expect([...first.out.verdicts, ...rest.out.verdicts]).toEqual(whole.out.verdicts);
        expect([...first.out.incidents, ...rest.out.incidents]).toEqual(whole.out.incidents);
        expect(Buffer.compare(rest.fold.save(), whole.fold.save())).toBe(0);
      }),
    );
  });

  test('fed twice with the same log, it yields every verdict once', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const again = log.map((record, i) => ({ ...record, offset: log.length + i, appendMs: log.at(-1)!.appendMs }));
        const keys = served([...log, ...again], withModel).out.verdicts.map((v) => `${v.entity} ${v.windowStartMs}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

test('the interleaving of entities within the allowed lateness changes neither verdicts nor bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.double({ min: 0, max: 100, noNaN: true })), {
        minLength: 10,
        maxLength: 120,
      }),
      fc.infiniteStream(fc.nat()),
      (points, picks) => {
        const samples = points.map(
          ([step, x], i): Sample => ({
            entity: ENTITIES[i % 3]!,
            timeMs: 1_000_000 + i * 400 + step * 100,
            names: ['m0'],
            values: [x],
          }),
        );
        const shuffled: Sample[] = [];
        // Blocks of five samples span at most the two seconds of allowed lateness; each entity keeps its own order.
        for (let i = 0; i < samples.length; i += 5) {
          const block = samples.slice(i, i + 5);
          const order = [...ENTITIES].sort(() => ((picks.next().value as number) % 2) - 0.5);
          for (const entity of order) shuffled.push(...block.filter((s) => s.entity === entity));
        }
        const last: Sample = { entity: 'a', timeMs: 1_200_000, names: ['m0'], values: [1] };
        const logOf = (list: Sample[]) => [...list, last].map((s, i) => recordOf(i, 1_200_000, [s]));
        const one = foldAll(config, logOf(samples));
        const other = foldAll(config, logOf(shuffled));
        expect(other.out.verdicts).toEqual(one.out.verdicts);
        expect(Buffer.compare(other.fold.save(), one.fold.save())).toBe(0);
      },
    ),
  );
});

describe('absence', () => {
  const beat = (fold: Fold, out: Outputs, entity: string, seconds: number) =>
    fold.record(
      recordOf(seconds, seconds * 1000, [{ entity, timeMs: seconds * 1000, names: ['m0'], values: [seconds % 7] }]),
      out,
    );

  test('an entity that stops reporting raises an incident, and its return closes it', () => {
    const fold = new Fold(config, decoder);
    const out = newOutputs();
    for (let t = 0; t < 300; t++) {
      beat(fold, out, 'a', t);
      if (t < 100 || t >= 250) beat(fold, out, 'b', t);
    }
    const absence = out.incidents.filter((incident) => incident.kind === 'absence');
    expect(
      absence.map((i) => [i.entity, i.startMs / 1000, i.resolvedMs === null ? null : i.resolvedMs / 1000]),
    ).toEqual([
      ['b', 100, null],
      ['b', 100, 260],
    ]);
    expect(absence[0]!.summary).toBe('no data for 1 min');
  });

  test('an entity that always reports rarely is not absent between its reports', () => {
    const fold = new Fold(config, decoder);
    const out = newOutputs();
    for (let t = 0; t < 1200; t++) {
      beat(fold, out, 'a', t);
      if (t % 90 === 0) beat(fold, out, 'rare', t);
    }
    expect(out.incidents.filter((incident) => incident.entity === 'rare' && incident.startMs > 200_000)).toEqual([]);
  });

  test('an entity that was seen but once or twice is not missed', () => {
    const fold = new Fold(config, decoder);
    const out = newOutputs();
    for (let t = 0; t < 300; t++) {
      beat(fold, out, 'a', t);
      if (t === 5 || t === 15) beat(fold, out, 'passer-by', t);
    }
    expect(out.incidents).toEqual([]);
  });

  test('an entity whose return is what ends the silence was not absent', () => {
    const fold = new Fold(config, decoder);
    const out = newOutputs();
    for (let t = 0; t < 100; t++) beat(fold, out, 'a', t);
    for (let t = 500; t < 600; t++) beat(fold, out, 'a', t);
    expect(out.incidents.filter((incident) => incident.kind === 'absence')).toEqual([]);
  });

  test('a silent partition notices absence when a control entry moves its watermark', () => {
    const fold = new Fold(config, decoder);
    const out = newOutputs();
    for (let t = 0; t < 50; t++) beat(fold, out, 'a', t);
    fold.control({ kind: 'watermark', toMs: 200_000, offset: 50, sequence: 1 }, out);
    expect(out.incidents.map((incident) => incident.summary)).toEqual(['no data for 2 min 30 s']);
    expect(fold.waitsForTime).toBe(true);
    fold.control({ kind: 'watermark', toMs: 3_610_000, offset: 50, sequence: 2 }, out);
    expect(out.profiles.map((profile) => profile.endMs)).toEqual([3_600_000]);
    expect(fold.waitsForTime).toBe(false);
  });
});

test('a point from the future is a dead letter and does not move the watermark', () => {
  const { fold, out } = foldAll(config, [
    recordOf(0, 1_000_000, [{ entity: 'a', timeMs: 1_000_000, names: ['m0'], values: [1] }]),
    recordOf(1, 1_000_100, [{ entity: 'a', timeMs: 9_000_000, names: ['m0', 'm1'], values: [1, 2] }]),
  ]);
  expect(fold.watermarkMs).toBe(998_000);
  expect(out.deadLetters.map((letter) => [letter.offset, letter.point, letter.fault.code])).toEqual([
    [1, 0, 'time_in_future'],
    [1, 1, 'time_in_future'],
  ]);
});

test('a disabled stream yields no verdicts and goes on afterwards', () => {
  const fold = new Fold(config, decoder);
  const out = newOutputs();
  const log = Array.from({ length: 100 }, (_, t) =>
    recordOf(t, t * 1000, [{ entity: 'a', timeMs: t * 1000, names: ['m0'], values: [t] }]),
  );
  fold.control({ kind: 'mode', mode: 'disabled', reason: 'test', offset: 0, sequence: 1 }, out);
  foldAll(config, log.slice(0, 50), fold);
  fold.control({ kind: 'mode', mode: 'fallback', reason: 'test', offset: 50, sequence: 2 }, out);
  const { out: rest } = foldAll(config, log.slice(50), fold);
  expect(rest.verdicts.map((v) => [v.windowStartMs / 1000, v.source])).toEqual(
    [40, 50, 60, 70, 80].map((t) => [t, 'fallback']),
  );
});

test('an alert rate holds as configured until a calibration entry sets another, through any restart', () => {
  const severity = (alertRate: number, calibrated?: number): number => {
    const before = new Fold(testConfig(), decoder);
    const out = newOutputs();
    if (calibrated !== undefined) {
      before.control(
        { kind: 'calibration', modelId: '', version: 2, alertRate: calibrated, offset: 0, sequence: 1 },
        out,
      );
    }
    const after = Fold.restore(testConfig({ detector: { alertRate } }), decoder, before.save());
    if (!after.ok) throw new Error(after.fault.detail);
    return 1 / after.value.state.alertDecades;
  };
  expect(severity(0.01)).toBeCloseTo(1 / 2, 12);
  expect(severity(0.0001)).toBeCloseTo(1 / 4, 12);
  expect(severity(0.01, 0.001)).toBeCloseTo(1 / 3, 12);
});
