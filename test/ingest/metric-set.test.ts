import { expect, test } from 'vitest';
import { FILTERED, MetricSets, UNKNOWN } from '../../ingest/metric-set.ts';

const watched = (name: string) => !name.startsWith('x');

test('entities that gained the same metrics by different samples share one set', () => {
  const sets = new MetricSets();
  const atOnce = sets.grown(sets.empty, ['a', 'b', 'c'], watched, 9);
  const inTwo = sets.grown(sets.grown(sets.empty, ['a'], watched, 9), ['b', 'c'], watched, 9);
  expect(inTwo).toBe(atOnce);
  expect(sets.grown(atOnce, ['c', 'a'], watched, 9)).toBe(atOnce);
});

test('slots follow the order of arrival, whatever order a later sample has', () => {
  const sets = new MetricSets();
  const set = sets.grown(sets.empty, ['b', 'x1', 'a'], watched, 9);
  const slotsOf = (names: string[]) => names.map((name, i) => set.slot(i, name, watched));
  expect(slotsOf(['b', 'x1', 'a'])).toEqual([0, FILTERED, 1]);
  expect(slotsOf(['a', 'b', 'x1', 'new'])).toEqual([1, 0, FILTERED, UNKNOWN]);
  expect(slotsOf(['b', 'x1', 'a'])).toEqual([0, FILTERED, 1]);
});

test('metrics beyond the limit stay unknown', () => {
  const sets = new MetricSets();
  const set = sets.grown(sets.empty, ['a', 'b', 'c'], watched, 2);
  expect(set.names).toEqual(['a', 'b']);
  expect(set.slot(2, 'c', watched)).toBe(UNKNOWN);
});
