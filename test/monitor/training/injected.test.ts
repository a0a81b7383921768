import { describe, expect, it } from 'vitest';
import { heldBackWindows } from '../../../monitor/training/dataset.ts';
import type { EntityWindows } from '../../../monitor/training/entity-windows.ts';
import { inject, KINDS, SPACING } from '../../../monitor/training/injected.ts';
import { budgetOf, injectedSet, laneOf, randomRecall } from '../../../monitor/training/recall.ts';
import { dataOf, HOP_MS, incidentOf, rowsOf, trainingConfig } from './make.ts';

const config = trainingConfig();
const held = (incidents = [incidentOf('db-1', 420, 440)]): Promise<EntityWindows[]> =>
  heldBackWindows(dataOf({ rows: rowsOf(), incidents }), config, {
    toMs: 600 * HOP_MS,
    fromMs: 400 * HOP_MS,
    quarantine: [],
  });

describe('injected anomalies', () => {
  it('are the same for the same windows and seed, others for another seed, and leave the windows as they were', async () => {
    const [one] = await held();
    const before = one!.values.slice();
    expect(inject(one!, 1)).toEqual(inject(one!, 1));
    expect(inject(one!, 2).events).not.toEqual(inject(one!, 1).events);
    expect(one!.values).toEqual(before);
  });

  it('lie in clean judged windows, apart from each other, and change those windows only', async () => {
    for (const one of await held()) {
      const { windows, events } = inject(one, 1);
      const struck = new Uint8Array(one.startsMs.length);
      events.forEach(({ from, to }, k) => {
        for (let i = from; i < to; i++) {
          expect(one.clean[one.warmUp + i]).toBe(1);
          struck[one.warmUp + i] = 1;
        }
        if (k > 0) expect(from - events[k - 1]!.to).toBeGreaterThanOrEqual(SPACING);
      });
      const n = one.features.length;
      for (let i = 0; i < struck.length; i++) {
        const same = one.values.subarray(i * n, (i + 1) * n).every((x, c) => x === windows.values[i * n + c]);
        expect(same, `row ${i}`).toBe(struck[i] === 0);
      }
    }
  });

  it('come in every kind, equally often', async () => {
    const counts = new Map<string, number>();
    for (const one of await held()) {
      for (const { kind } of inject(one, 3).events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([...KINDS].sort());
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(6);
  });

  it('are judged at the same number of alerts for every detector, however its scores are scaled', async () => {
    const windows = await held();
    const set = injectedSet(windows, 1);
    const first = ({ values, warmUp, startsMs, features }: EntityWindows) =>
      Float64Array.from({ length: startsMs.length - warmUp }, (_, i) =>
        Math.abs(values[(i + warmUp) * features.length]! % 97),
      );
    const a = laneOf(set, 0.001, first);
    const b = laneOf(set, 0.001, (one) => first(one).map((x) => x * 1000 - 5));
    expect(b.caught).toEqual(a.caught);
    const silent = laneOf(set, 0.001, (one) => new Float64Array(one.startsMs.length - one.warmUp));
    expect(silent.recall).toBe(0);
    expect(randomRecall(set, 0.001)).toBeGreaterThan(0);
    expect(randomRecall(set, 0.001)).toBeLessThan(0.1);
    expect(budgetOf(2000, 0.001)).toBe(10);
  });
});
