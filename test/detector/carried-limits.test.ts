import { describe, expect, test } from 'vitest';
import { streamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import { carriedLimits, MIN_BLOCKS } from '../../detector/drift-limits.ts';
import { loadModel } from '../../detector/model.ts';
import { trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { DriftLimits } from '../../detector/reference.ts';

const numbers = (...values: number[]) => Float64Array.from(values);
const LIMITS: DriftLimits = {
  ...{ blocks: 40, blockMs: 3_600_000, falseAlarmsPerWeek: 1 },
  ...{ psi: numbers(0.1, 0.2, 0.4), ks: numbers(0.01, 0.02, 0.04), psiAlone: numbers(1, 2, 4) },
  ...{ psiScore: 0.3, ksScore: 0.2, klScore: 0.15, uniformity: 0.2, alertRatio: [0.2, 5] },
};

describe('limits of the model before', () => {
  test('follow their features by name; one that is new gets the middle of the others', () => {
    const carried = carriedLimits({ features: ['a', 'b', 'c'], limits: LIMITS }, ['b', 'new', 'a']);
    expect([...carried.psi]).toEqual([0.2, 0.2, 0.1]);
    expect([...carried.ks]).toEqual([0.02, 0.02, 0.01]);
    expect([...carried.psiAlone]).toEqual([2, 2, 1]);
    expect(carried).toMatchObject({ blocks: 40, psiScore: 0.3, klScore: 0.15 });
  });

  const config = streamConfig.parse({
    name: 's',
    window: { size: '10m' },
    profile: { interval: '1h', grain: '1h' },
    training: { minWindows: 64 },
  });
  /** Windows of ten minutes for so many hours. */
  const rows = (hours: number): TrainingRow[] =>
    Array.from({ length: hours * 6 }, (_, i) => ({
      entity: 'one',
      windowStartMs: i * 600_000,
      features: ['cpu__mean__10m', 'load__mean__10m'],
      values: numbers(50 + Math.sin(i) + (i % 7), 3 + Math.cos(i / 3)),
    }));
  const former = { features: ['cpu__mean__10m'], limits: LIMITS };
  const limitsOf = (hours: number, before: typeof former | null) =>
    orThrow(loadModel(orThrow(trainArtifact(rows(hours), config, 'profile', {}, before)).artifact)).reference!.limits;

  test('hold where a model has too few blocks for its own, through its artifact', () => {
    expect(limitsOf(MIN_BLOCKS - 1, null)).toBeNull();
    expect(limitsOf(MIN_BLOCKS - 1, former)).toEqual({
      ...LIMITS,
      ...{ psi: numbers(0.1, 0.2), ks: numbers(0.01, 0.02), psiAlone: numbers(1, 2) },
    });
  });

  test('give way to its own where it has enough', () => {
    expect(limitsOf(48, former)!.blocks).toBe(48);
  });
});
