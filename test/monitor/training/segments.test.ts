import { describe, expect, it } from 'vitest';
import type { EntityWindows } from '../../../monitor/training/entity-windows.ts';
import type { InjectedSet } from '../../../monitor/training/recall.ts';
import { segmentsOf, worseSegments } from '../../../monitor/training/segments.ts';

const EVENTS = 10;

function setOf(entities: readonly string[]): InjectedSet {
  const windows = entities.map((entity) => ({ entity }) as EntityWindows);
  const events = Array.from({ length: EVENTS }, (_, k) => ({ kind: 'spike' as const, from: k * 10, to: k * 10 + 1 }));
  return { windows, injected: windows.map((one) => ({ windows: one, events })) };
}

describe('segments', () => {
  it('are the kinds of entities in their names, or groups by hash where there are too few or too many', () => {
    expect([...new Set(segmentsOf(['db-1', 'web-1', 'web-2']).values())]).toEqual(['db', 'web']);
    const alike = segmentsOf(Array.from({ length: 40 }, (_, i) => `node-${i}`));
    expect(new Set(alike.values()).size).toBe(4);
    expect(alike).toEqual(segmentsOf(Array.from({ length: 40 }, (_, i) => `node-${i}`)));
  });

  it('a group in which the candidate finds clearly less is named, though all in all it finds more', () => {
    const entities = ['db-1', 'db-2', 'db-3', ...Array.from({ length: 9 }, (_, i) => `web-${i}`)];
    const set = setOf(entities);
    const champion = Float64Array.from({ length: entities.length * EVENTS }, (_, i) => (i < 3 * EVENTS ? 1 : i % 2));
    const candidate = Float64Array.from(champion, (_, i) => (i < 3 * EVENTS ? i % 2 : 1));
    const options = { seed: 1, significance: 0.05 };
    expect(worseSegments(set, champion, candidate, options)).toEqual([{ segment: 'db', difference: -0.5 }]);
    expect(worseSegments(set, champion, champion, options)).toEqual([]);
  });

  it('chance alone makes no group worse', () => {
    const set = setOf(Array.from({ length: 12 }, (_, i) => `node-${i}`));
    const champion = Float64Array.from({ length: 120 }, (_, i) => ((i * 7) % 10 < 8 ? 1 : 0));
    const candidate = champion.map((x, i) => (i % 17 === 0 ? 1 - x : x));
    expect(worseSegments(set, champion, candidate, { seed: 1, significance: 0.05 })).toEqual([]);
  });
});
