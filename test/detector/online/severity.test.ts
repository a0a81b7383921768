import { describe, expect, test } from 'vitest';
import { EMISSION, emit, flawOfEmission } from '../../../detector/online/emission.ts';
import { rank, SEVERITY, spreadOf } from '../../../detector/online/severity.ts';

describe('decades of a sum among those before it', () => {
  const ranked = (sums: readonly number[], sum: number, metrics = 1) => {
    const counts = new Uint16Array(SEVERITY);
    for (const before of sums) rank(counts, 0, before, 1);
    return rank(counts, 0, sum, spreadOf(metrics));
  };

  test('grow with the sum and are 0 without evidence', () => {
    const decades = [0, 0.5, 1, 3, 6, 9, 20].map((sum) => ranked([1, 2, 3], sum));
    expect(decades[0]).toBe(0);
    expect(decades.slice(1).every((d, k) => d > decades[k]!)).toBe(true);
  });

  test('a history of large sums makes a large sum less special, a quiet one hardly more', () => {
    const fresh = ranked([], 7);
    expect(ranked(new Array(3000).fill(7), 7)).toBeLessThan(fresh - 1);
    expect(ranked(new Array(3000).fill(0.2), 7) - fresh).toBeLessThan(0.2);
  });

  test('the same sum of more metrics is less special', () => {
    expect(ranked([], 8, 10)).toBeLessThan(ranked([], 8, 1) / 2);
  });
});

describe('emission', () => {
  const emitted = (decades: readonly number[]) => {
    const state = new Float64Array(EMISSION);
    return decades.map((d) => emit(state, 0, d));
  };

  test('an onset is said in full, what follows is softened unless it is larger still', () => {
    expect(emitted([1, 1, 2, 1.5, 2, 3])).toEqual([1, 0.7, 2, 0.7 * 1.5, 1.4, 3]);
  });

  test('an onset is forgotten after fifty to a hundred rows', () => {
    for (const [at, full] of [
      [45, false],
      [99, false],
      [150, true],
    ] as const) {
      const row = new Array(at + 1).fill(0);
      row[0] = row[at] = 4;
      expect(emitted(row).at(-1)).toBe(full ? 4 : 0.7 * 4);
    }
  });

  test('nothing is emitted for nothing', () => {
    expect(emitted([0, 0, 0])).toEqual([0, 0, 0]);
  });

  test('an impossible state is found', () => {
    expect(flawOfEmission(Float64Array.of(1, 2, 3), 0)).toBeNull();
    expect(flawOfEmission(Float64Array.of(1, 2, 50), 0)).toBe('rows in a block are 50');
    expect(flawOfEmission(Float64Array.of(-1, 2, 0), 0)).toBe('largest evidence is negative');
  });
});
