import { describe, expect, it } from 'vitest';
import type { Incident, Verdict } from '../../core/types.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { ScoredWindow, TrainingData } from '../../monitor/controller/ports.ts';
import type { LabelStore } from '../../monitor/labels/ports.ts';
import { FEATURES, makeIncident, makeVerdict } from './make.ts';
import { makeLabel, T0 } from './monitor-make.ts';

export interface TrainingDataUnderTest {
  data: TrainingData;
  labels: LabelStore;
  judge(verdicts: Verdict[], incidents?: Incident[]): Promise<void>;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What every TrainingData must do, whatever keeps it. */
export function trainingDataSuite(name: string, make: () => Promise<TrainingDataUnderTest>): void {
  const at = (entity: string, i: number, change: Partial<Verdict> = {}) =>
    makeVerdict({ entity, windowStartMs: T0 + i * 10_000, ...change });
  const span = [T0, T0 + 5_000 * 10_000] as const;

  describe(`${name} as TrainingData`, () => {
    it('reads the windows of a span by entity and in the order of time, over pages, each once and to the last bit', async () => {
      const { data, judge } = await make();
      const verdicts = [...Array(1_300).keys()].flatMap((i) => [at('b', i), at('größe', i), at('a', i)]);
      const { low, high } = verdicts[0]!.readings;
      const one = { features: ['other'], values: Float64Array.of(7), low: low.slice(0, 1), high: high.slice(0, 1) };
      await judge(verdicts);
      await judge([at('c', 3, { readings: one }), at('a', -1), at('a', 5_000), at('a', 0, { stream: 'other' })]);
      const rows = await all<TrainingRow>(data.rows('hosts', ...span));
      const keys = rows.map((row) => `${row.entity} ${row.windowStartMs}`);
      expect(rows).toHaveLength(3_901);
      expect(new Set(keys).size).toBe(3_901);
      const entities = rows.map((row) => row.entity).filter((entity, i, of) => entity !== of[i - 1]);
      expect([...entities].sort()).toEqual(['a', 'b', 'c', 'größe']);
      for (const [i, row] of rows.entries())
        if (rows[i - 1]?.entity === row.entity) expect(row.windowStartMs).toBeGreaterThan(rows[i - 1]!.windowStartMs);
      const first = rows.find((row) => row.entity === 'a')!;
      expect(first.features).toEqual(FEATURES);
      expect(Object.is(first.values[1], -0)).toBe(true);
      expect(first.values).toEqual(verdicts[0]!.readings.values);
      expect(rows.find((row) => row.entity === 'c')).toMatchObject({ features: ['other'], values: Float64Array.of(7) });
      expect(await all(data.rows('none', ...span))).toEqual([]);
    });

    it('reads the scores of one model: forest verdicts off probation', async () => {
      const { data, judge } = await make();
      const scored = [at('a', 0), at('a', 1, { score: 0.5, severity: 2 }), at('b', 0)];
      await judge([
        ...scored,
        at('a', 2, { source: 'fallback' }),
        at('a', 3, { probation: true }),
        at('a', 4, { modelId: 'm2' }),
        at('a', 6_000),
      ]);
      const expected: ScoredWindow[] = scored.map(({ entity, windowStartMs, score, pValue, severity }) => ({
        entity,
        windowStartMs,
        score,
        pValue,
        severity,
      }));
      expect(await all(data.scores('hosts', 'model-1', ...span))).toEqual(expected);
      expect(await all(data.scores('hosts', 'none', ...span))).toEqual([]);
    });

    it('reads the incidents that touch a span, and the labels, newest first', async () => {
      const { data, labels, judge } = await make();
      const inside = makeIncident({ id: 'i1', startMs: T0 - 60_000, lastMs: T0 });
      const later = makeIncident({ id: 'i2', startMs: T0 + 10, lastMs: T0 + 20, resolvedMs: T0 + 30 });
      const outside = makeIncident({ id: 'i3', startMs: T0 - 60_000, lastMs: T0 - 1 });
      await judge([], [later, outside, inside, makeIncident({ id: 'i4', stream: 'other' })]);
      expect(await data.incidents('hosts', ...span)).toEqual([inside, later]);
      expect(await data.incidents('hosts', T0 - 100_000, T0 - 60_000)).toEqual([]);
      for (const id of ['a', 'b']) await labels.add(makeLabel({ id }));
      expect((await data.labels('hosts', ...span)).map((l) => l.id)).toEqual(['b', 'a']);
      expect(await data.labels('other', ...span)).toEqual([]);
    });
  });
}
