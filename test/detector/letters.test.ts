import { expect, it } from 'vitest';
import { LETTERS_PER_RECORD } from '../../detector/letters.ts';
import type { LogRecord } from '../../ingest/ports.ts';
import { ANY_POINT, redrivenHeaders } from '../../ingest/redriven.ts';
import { foldAll, recordOf, testConfig } from './make.ts';

const NOW = 1_000_000;
const sampleOf = (names: string[], entity = 'a') => ({ entity, timeMs: NOW, names, values: names.map((_, i) => i) });
const tight = testConfig({ limits: { metricsPerEntity: 1 } });

it('a point that is refused is named in its letter, and a record that is no record has none', () => {
  const { out } = foldAll(tight, [recordOf(0, NOW, [sampleOf(['x', 'y'])]), recordOf(1, NOW, 'broken')]);
  expect(out.deadLetters.map(({ offset, point, at }) => [offset, point, at])).toEqual([
    [0, 1, { entity: 'a', metric: 'y', timeMs: NOW }],
    [1, -1, undefined],
  ]);
});

it('a point from the future is named too', () => {
  const { out } = foldAll(testConfig(), [recordOf(0, 0, [sampleOf(['x'])])]);
  expect(out.deadLetters[0]).toMatchObject({ point: 0, at: { entity: 'a', metric: 'x', timeMs: NOW } });
});

it('the last letter of a record stands for the bad points after it, so it names none', () => {
  const names = Array.from({ length: 100 }, (_, i) => `m${i}`);
  const { fold, out } = foldAll(tight, [recordOf(0, NOW, [sampleOf(names)])]);
  expect(fold.counters.dead_lettered).toBe(99);
  expect(out.deadLetters).toHaveLength(LETTERS_PER_RECORD);
  expect(out.deadLetters.at(-2)!.at).toMatchObject({ metric: 'm63' });
  expect(out.deadLetters.at(-1)!.at).toBeUndefined();
});

it('of a re-driven record the points picked are counted and nothing else, not even its time', () => {
  const sent = (offset: number, picks: Parameters<typeof redrivenHeaders>[1]): LogRecord => ({
    ...recordOf(offset, NOW, [sampleOf(['x', 'y']), sampleOf(['x'], 'b')]),
    headers: redrivenHeaders([], picks, NOW),
  });
  const none = foldAll(testConfig(), [sent(0, [['c', 'x', NOW]])]).fold;
  expect(Object.values(none.counters).every((count) => count === 0)).toBe(true);
  expect(none.watermarkMs).toBe(Number.NEGATIVE_INFINITY);
  expect(foldAll(testConfig(), [sent(0, [['a', 'y', NOW]])]).fold.counters.applied).toBe(1);
  expect(foldAll(testConfig(), [sent(0, [ANY_POINT])]).fold.counters.applied).toBe(3);
  expect(foldAll(testConfig(), [sent(0, null), sent(1, [['b', 'x', NOW]])]).fold.counters).toMatchObject({
    applied: 3,
    duplicate: 1,
  });
});

it('a re-driven record that is refused again is a dead letter again', () => {
  const record = { ...recordOf(0, NOW, 'broken'), headers: redrivenHeaders([], [['a', 'x', NOW]], NOW) };
  const { fold, out } = foldAll(testConfig(), [record]);
  expect(fold.counters.dead_lettered).toBe(1);
  expect(out.deadLetters[0]!.headers).toEqual(record.headers);
});
