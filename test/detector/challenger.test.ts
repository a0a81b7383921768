import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orThrow } from '../../core/errors.ts';
import type { ControlChange, Verdict } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { decoder, newOutputs } from './make.ts';
import {
  A,
  artifacts,
  at,
  B,
  calibration,
  challenger,
  config,
  control,
  ENTITIES,
  log,
  model,
  run,
  type Schedule,
} from './two-models.ts';

function restored(fold: Fold): Fold {
  const bytes = fold.save();
  const [champion, second] = [orThrow(Fold.modelOf(bytes)), orThrow(Fold.challengerOf(bytes))];
  return orThrow(Fold.restore(config, decoder, bytes, artifacts.get(champion), 0, artifacts.get(second)));
}

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

  test('that changes what an alert is starts entities from its own threshold; one that adds a dismissal alone does not', () => {
    const { fold } = run(log, new Map([[0, [model(A)]]]));
    const risen = () => [...fold.state.entities.values()].map((state) => state.champion.thresholdExcess);
    for (const state of fold.state.entities.values()) state.champion.thresholdExcess = 0.5;
    const dismissals = [{ entity: 'a', metric: 'm', direction: 'high', decades: 3 }] as const;
    control(fold, { kind: 'calibration', modelId: A, version: 2, alertRate: 0.001, dismissals }, 0, newOutputs());
    expect(risen().every((excess) => excess === 0.5)).toBe(true);
    const combined = Array.from({ length: 13 }, (_, k) => 10 + k);
    control(fold, { kind: 'calibration', modelId: A, version: 3, alertRate: 0.001, combined }, 0, newOutputs());
    expect(risen().every((excess) => excess === 0)).toBe(true);
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
