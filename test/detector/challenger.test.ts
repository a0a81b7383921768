import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { orThrow } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { ControlChange, Sample, Verdict } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { decodeCounts } from '../../detector/interval-codec.ts';
import { loadModel } from '../../detector/model.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { LogRecord, Outputs } from '../../ingest/ports.ts';
import { decoder, makeModel, newOutputs, recordOf, testConfig } from './make.ts';

const config = testConfig({ profile: { grain: '1m', interval: '10m' } });
const ENTITIES = ['a', 'b', 'c'];
const artifacts = new Map([1, 2].map((seed) => makeModel(config, ENTITIES, 3, seed)).map((m) => [modelIdOf(m), m]));
const [A, B] = [...artifacts.keys()] as [string, string];

const model = (modelId: string): ControlChange => ({ kind: 'model', modelId, sha256: '' });
const challenger = (modelId: string, share: number): ControlChange => ({
  ...{ kind: 'challenger', modelId, sha256: '', share },
});
const calibration = (modelId: string, version: number, alertRate: number): ControlChange => ({
  ...{ kind: 'calibration', modelId, version, alertRate },
});

/** Entities as in training, five points a window, and one that the models do not know; m2 drops out where `without` says. */
function logOf(windows: number, without: (window: number) => boolean = () => false): LogRecord[] {
  const random = new Random(7);
  const log: LogRecord[] = [];
  for (let w = 0; w < windows; w++) {
    for (const [e, entity] of [...ENTITIES, 'newcomer'].entries()) {
      const level = random.normal();
      for (let i = 0; i < 5; i++) {
        const names = without(w) ? ['m0', 'm1'] : ['m0', 'm1', 'm2'];
        const values = names.map((_, m) => (e + 1) * 100 + 10 * level + (m + 1) * random.normal());
        const sample: Sample = { entity, timeMs: w * 10_000 + i * 2_000, names, values };
        log.push(recordOf(log.length, sample.timeMs, [sample]));
      }
    }
  }
  return log;
}

type Schedule = ReadonlyMap<number, readonly ControlChange[]>;

function run(log: readonly LogRecord[], schedule: Schedule, fold = new Fold(config, decoder), out = newOutputs()) {
  for (const record of log) {
    for (const change of schedule.get(record.offset) ?? []) control(fold, change, record.offset, out);
    fold.record(record, out);
  }
  return { fold, out };
}

function control(fold: Fold, change: ControlChange, offset: number, out: Outputs): void {
  const artifact = 'modelId' in change ? artifacts.get(change.modelId) : undefined;
  fold.control({ ...change, offset, sequence: fold.controlSequence + 1 } as never, out, artifact);
}

function restored(fold: Fold): Fold {
  const bytes = fold.save();
  const [champion, second] = [orThrow(Fold.modelOf(bytes)), orThrow(Fold.challengerOf(bytes))];
  return orThrow(Fold.restore(config, decoder, bytes, artifacts.get(champion), 0, artifacts.get(second)));
}

const log = logOf(60);
const at = (window: number) => window * 20;
const from = (verdicts: readonly Verdict[], window: number) =>
  verdicts.filter((v) => v.windowStartMs >= window * 10_000);

const anyChange = fc.oneof(
  fc.constantFrom(A, B).map(model),
  fc.tuple(fc.constantFrom(A, B, ''), fc.constantFrom(0, 0.4, 1)).map(([id, share]) => challenger(id, share)),
  fc.tuple(fc.constantFrom(A, B), fc.integer({ min: 2, max: 9 })).map(([id, v]) => calibration(id, v, 0.01 / v)),
  fc.constantFrom('forest', 'fallback', 'disabled').map((mode): ControlChange => ({ kind: 'mode', mode, reason: '' })),
);
const anySchedule = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 599 }), anyChange), { maxLength: 8 })
  .map((changes): Schedule => new Map(changes.map(([offset, change]) => [offset, [change]])));

describe('a challenger', () => {
  test('crashed at any record and resumed, all goes on with the same outputs and the same bytes', () => {
    fc.assert(
      fc.property(anySchedule, fc.integer({ min: 1, max: 599 }), (schedule, cut) => {
        const short = log.slice(0, 600);
        const whole = run(short, schedule);
        const first = run(short.slice(0, cut), schedule);
        const again = restored(first.fold);
        expect(Buffer.compare(again.save(), first.fold.save())).toBe(0);
        const rest = run(short.slice(cut), schedule, again, first.out);
        expect(rest.out).toEqual(whole.out);
        expect(Buffer.compare(rest.fold.save(), whole.fold.save())).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('that serves nobody changes no verdict and no incident', () => {
    const alone = run(log, new Map([[0, [model(A)]]]));
    const shadowed = run(log, new Map([[0, [model(A), challenger(B, 0)]]]));
    expect(shadowed.out.verdicts).toEqual(alone.out.verdicts);
    expect(shadowed.out.incidents).toEqual(alone.out.incidents);
  });

  test('goes on with what it has seen when it becomes champion, and the former champion does too', () => {
    const promoted = run(
      log,
      new Map([
        [0, [model(A), challenger(B, 0)]],
        [at(30), [model(B)]],
        [at(45), [model(A)]],
      ]),
    );
    const [onlyA, onlyB] = [A, B].map((id) => run(log, new Map([[0, [model(id)]]])).out.verdicts);
    const part = (verdicts: readonly Verdict[], first: number, last: number) =>
      verdicts.filter(({ windowStartMs: t }) => t >= first * 10_000 && t < last * 10_000);
    expect(part(promoted.out.verdicts, 31, 43)).toEqual(part(onlyB!, 31, 43));
    expect(from(promoted.out.verdicts, 46)).toEqual(from(onlyA!, 46));
  });

  test('serves the same entities at a share, whatever the model, and all of them at 1', () => {
    const speakers = (schedule: Schedule) => {
      const { out } = run(log, schedule);
      return new Map(from(out.verdicts, 40).map((v) => [v.entity, v.modelId]));
    };
    const ab = speakers(new Map([[0, [model(A), challenger(B, 0.5)]]]));
    const ba = speakers(new Map([[0, [model(B), challenger(A, 0.5)]]]));
    for (const entity of ENTITIES) expect([ab.get(entity), ba.get(entity)].sort()).toEqual([A, B].sort());
    const all = speakers(
      new Map([
        [0, [model(A), challenger(B, 0.5)]],
        [at(5), [challenger(B, 1)]],
      ]),
    );
    expect(ENTITIES.map((entity) => all.get(entity))).toEqual([B, B, B]);
    const gone = speakers(
      new Map([
        [0, [model(A), challenger(B, 1)]],
        [at(5), [challenger('', 0)]],
      ]),
    );
    expect(ENTITIES.map((entity) => gone.get(entity))).toEqual([A, A, A]);
  });

  test('keeps the calibration that names it when the two change places', () => {
    const { fold } = run([], new Map());
    const changes = [model(A), challenger(B, 0), calibration(B, 7, 0.05), calibration(A, 3, 0.02), model(B)];
    for (const change of changes) control(fold, change, 0, newOutputs());
    const { serving } = fold.state;
    expect([serving.champion.calibrationVersion, serving.challenger!.calibrationVersion]).toEqual([7, 3]);
    expect(serving.champion.alertDecades).toBeCloseTo(-Math.log10(0.05), 12);
    control(fold, calibration('of the past', 9, 0.1), 0, newOutputs());
    expect(serving.champion.calibrationVersion).toBe(7);
  });
});

describe('a calibration', () => {
  const severities = (changes: ControlChange[], entity: string) =>
    run(log, new Map([[0, [model(A), ...changes]]])).out.verdicts.filter((v) => v.entity === entity);

  test('with knots of its own replaces those of the model', () => {
    const plain = severities([], 'a');
    const combined = Array.from({ length: 13 }, (_, k) => 10 + k);
    const strict = severities([{ kind: 'calibration', modelId: A, version: 2, alertRate: 0.001, combined }], 'a');
    expect(strict.map((v) => v.score)).toEqual(plain.map((v) => v.score));
    expect(strict.every((v) => v.source !== 'forest' || v.severity === 0)).toBe(true);
  });

  test('divides the severity of what was dismissed, and of nothing else', () => {
    const plain = severities([], 'a');
    const led = plain.find((v) => v.attributions.length > 0)!;
    const { metric, value, expectedLow, expectedHigh } = led.attributions[0]!;
    const direction = value > (expectedLow + expectedHigh) / 2 ? 'high' : 'low';
    const dismissed = (entity: string, way: 'high' | 'low') =>
      severities(
        [
          {
            ...{ kind: 'calibration', modelId: A, version: 1, alertRate: 0.001 },
            dismissals: [{ entity, metric, direction: way, decades: 6 }],
          },
        ],
        'a',
      ).find((v) => v.windowStartMs === led.windowStartMs)!.severity;
    expect(dismissed('a', direction)).toBeCloseTo(led.severity / 2.2, 9);
    expect(dismissed('a', direction === 'high' ? 'low' : 'high')).toBe(led.severity);
    expect(dismissed('b', direction)).toBe(led.severity);
  });

  test('that cannot be in force is refused', () => {
    const many = Array.from(
      { length: 257 },
      () => ({ entity: 'a', metric: 'm', direction: 'high', decades: 1 }) as const,
    );
    const base = { kind: 'calibration', modelId: A, version: 1, alertRate: 0.001 } as const;
    for (const change of [
      { ...base, dismissals: many },
      { ...base, combined: [1, 2] },
      { ...base, alertRate: 0 },
    ])
      expect(() => control(new Fold(config, decoder), change, 0, newOutputs())).toThrow('calibration_invalid');
    control(new Fold(config, decoder), { ...base, dismissals: many.slice(1) }, 0, newOutputs());
  });
});

describe('what the forest should not or cannot judge', () => {
  test('a window with more features missing than in training is judged by the fallback', () => {
    const { out, fold } = run(
      logOf(60, (w) => w >= 40 && w < 45),
      new Map([[0, [model(A)]]]),
    );
    const judged = out.verdicts.filter((v) => v.entity === 'a');
    const sources = (first: number, last: number) =>
      new Set(
        judged.filter((v) => v.windowStartMs / 10_000 >= first && v.windowStartMs / 10_000 < last).map((v) => v.source),
      );
    expect(sources(0, 40)).toEqual(new Set(['forest']));
    expect(sources(40, 45)).toEqual(new Set(['fallback']));
    expect(sources(45, 59)).toEqual(new Set(['forest']));
    expect(fold.tallies.gaps).toBe(15);
    const gaps = out.profiles.map(({ bytes }) => orThrow(decodeCounts(bytes, null)).gaps);
    expect(gaps.reduce((sum, n) => sum + n, 0)).toBe(15);
  });

  test('a window at which the forest throws is judged by the fallback, and counted', () => {
    const fold = new Fold(config, decoder);
    control(fold, model(A), 0, newOutputs());
    run(log.slice(0, at(20)), new Map(), fold);
    const thrown = vi.spyOn(fold.state.model!.forest, 'score').mockImplementation(() => {
      throw new Error('broken');
    });
    const { out } = run(log.slice(at(20), at(30)), new Map(), fold);
    thrown.mockRestore();
    expect(new Set(out.verdicts.map((v) => v.source))).toEqual(new Set(['fallback']));
    expect(fold.tallies.forestFailed).toBe(out.verdicts.filter((v) => v.entity !== 'newcomer').length);
    const later = run(log.slice(at(30)), new Map(), fold).out.verdicts;
    expect(new Set(later.filter((v) => v.entity === 'a').map((v) => v.source))).toEqual(new Set(['forest']));
  });
});

describe('interval profiles', () => {
  const schedule: Schedule = new Map([
    [at(8), [model(A)]],
    [at(20), [challenger(B, 0.5)]],
    [at(33), [model(B)]],
  ]);
  const { out, fold } = run(log, schedule);
  control(fold, { kind: 'watermark', toMs: 10_000_000 }, log.length, out);
  const reference = (id: string) => {
    const bytes = artifacts.get(id);
    return bytes === undefined ? null : orThrow(loadModel(bytes)).reference;
  };
  const counts = out.profiles.map((p) =>
    orThrow(decodeCounts(p.bytes, reference(p.modelId), reference(p.modelId === A ? B : A))),
  );

  test('come in order, one identity each, and end with a change of models', () => {
    expect(out.profiles.map((p) => [p.startMs / 1000, p.sequence, p.modelId])).toEqual([
      [0, 0, ''],
      [60, 0, ''],
      [60, 1, A],
      [120, 1, A],
      [180, 1, A],
      [180, 2, A],
      [240, 2, A],
      [300, 2, A],
      [300, 3, B],
      [360, 3, B],
      [420, 3, B],
      [480, 3, B],
      [540, 3, B],
    ]);
  });

  test('count every window, every point and every feature', () => {
    const sum = (of: (c: (typeof counts)[number]) => number) => counts.reduce((n, c) => n + of(c), 0);
    expect(sum((c) => c.windows)).toBe(out.verdicts.length);
    expect(sum((c) => c.mix.reduce((n, x) => n + x, 0))).toBe(out.verdicts.length);
    expect(sum((c) => c.points.applied)).toBe(fold.counters.applied);
    for (const c of counts.filter(({ modelId }) => modelId !== '')) {
      for (const { place, ratio } of c.features) {
        expect(place.counts.reduce((n, x) => n + x, 0)).toBe(c.windows - c.newcomers);
        expect(ratio.reduce((n, x) => n + x, 0)).toBe(c.windows - c.newcomers);
      }
      expect(c.entities).toBe(4);
      expect(c.newcomers).toBe(c.windows / 4);
    }
  });

  test('count what both models made of the windows, once their histories have filled', () => {
    const { profiles } = run(logOf(300), schedule).out;
    const last = orThrow(decodeCounts(profiles.at(-2)!.bytes, reference(B), reference(A)));
    expect(counts.every(({ champion }) => (champion?.windows ?? 0) === 0)).toBe(true);
    expect([last.champion!.modelId, last.challenger!.modelId, last.challenger!.share]).toEqual([B, A, 0]);
    expect(last.champion!.windows).toBeGreaterThan(0);
    expect(last.challenger!.paired).toBe(last.champion!.windows);
    expect(last.champion!.score!.counts.reduce((n, x) => n + x, 0)).toBe(last.champion!.windows);
    expect(last.challenger!.pValue.counts.reduce((n, x) => n + x, 0)).toBe(last.challenger!.windows);
  });

  test('of a stream without a model count windows, points and the mix', () => {
    const plain = run(log, new Map()).out.profiles.map(({ bytes }) => orThrow(decodeCounts(bytes, null)));
    expect(plain.length).toBeGreaterThan(5);
    expect(plain.every((c) => c.windows === 24 && c.champion === null && c.entities === 4)).toBe(true);
  });
});
