import { describe, expect, test } from 'vitest';
import { orThrow } from '../../core/errors.ts';
import { decodeCounts } from '../../detector/interval-codec.ts';
import { loadModel } from '../../detector/model.ts';
import { A, artifacts, at, B, challenger, control, log, logOf, model, run, type Schedule } from './two-models.ts';

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
