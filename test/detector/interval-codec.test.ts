import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orThrow } from '../../core/errors.ts';
import { decodeCounts, emptyCounts, encodeCounts, mergeCounts } from '../../detector/interval-codec.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import { anyCounts, CHALLENGER_REFERENCE, evenReference, GRAIN_MS, REFERENCE } from './make-counts.ts';

const decoded = (bytes: Uint8Array): IntervalCounts => orThrow(decodeCounts(bytes, REFERENCE, CHALLENGER_REFERENCE));
const copy = (counts: IntervalCounts): IntervalCounts => decoded(encodeCounts(counts));
const hex = (counts: IntervalCounts): string => Buffer.from(encodeCounts(counts)).toString('hex');

function sum(parts: readonly IntervalCounts[]): IntervalCounts {
  const whole = copy(parts[0]!);
  for (const part of parts.slice(1)) orThrow(mergeCounts(whole, part));
  return whole;
}

describe('counts of an interval', () => {
  test('are what they were after a trip through bytes', () => {
    fc.assert(
      fc.property(anyCounts, anyCounts, (a, b) => {
        expect(copy(a)).toEqual(a);
        const both = sum([a, b]);
        expect(copy(both)).toEqual(both);
      }),
    );
  });

  test('merge to the same whole in any order and any grouping', () => {
    fc.assert(
      fc.property(fc.array(anyCounts, { minLength: 3, maxLength: 5 }), fc.infiniteStream(fc.nat()), (parts, picks) => {
        const bytes = hex(sum(parts));
        const shuffled = parts.map((part) => [picks.next().value as number, part] as const);
        shuffled.sort(([x], [y]) => x - y);
        expect(hex(sum(shuffled.map(([, part]) => part)))).toBe(bytes);
        const grouped = [sum(parts.slice(0, 2)), sum(parts.slice(2))];
        expect(hex(sum(grouped))).toBe(bytes);
      }),
    );
  });

  test('merging into nothing counted gives the part, with the span of both', () => {
    fc.assert(
      fc.property(anyCounts, (part) => {
        const whole = emptyCounts(0, 4 * GRAIN_MS, 'm', REFERENCE);
        orThrow(mergeCounts(whole, part));
        const { windows, entities, champion, challenger } = whole;
        expect({ windows, entities, champion, challenger }).toEqual({
          windows: part.windows,
          entities: part.entities,
          champion: part.champion,
          challenger: part.challenger,
        });
        expect([whole.startMs, whole.endMs]).toEqual([0, 4 * GRAIN_MS]);
      }),
    );
  });

  test('entities are summed over partitions and the largest over grains', () => {
    const of = (grain: number, entities: number): IntervalCounts => {
      const counts = emptyCounts(grain * GRAIN_MS, (grain + 1) * GRAIN_MS, 'm', REFERENCE);
      counts.entities = entities;
      return counts;
    };
    expect(sum([of(0, 3), of(1, 4), of(0, 2)]).entities).toBe(5);
    expect(sum([of(0, 3), of(0, 2), of(1, 4)]).entities).toBe(5);
  });

  test('of another champion, challenger or reference are not merged', () => {
    const whole = emptyCounts(0, GRAIN_MS, 'm', REFERENCE);
    for (const part of [
      emptyCounts(0, GRAIN_MS, 'other', REFERENCE),
      emptyCounts(0, GRAIN_MS, 'm', CHALLENGER_REFERENCE),
      emptyCounts(0, GRAIN_MS, 'm', null),
    ]) {
      const merged = mergeCounts(whole, part);
      expect(merged.ok ? null : merged.fault.code).toBe('bins_mismatch');
    }
  });

  test('can be read without a reference, then without features and scores', () => {
    fc.assert(
      fc.property(anyCounts, (counts) => {
        const read = orThrow(decodeCounts(encodeCounts(counts), null));
        expect(read.features).toEqual([]);
        expect(read.champion!.score).toBeNull();
        expect(read.champion!.pValue).toEqual(counts.champion!.pValue);
        expect(read.points).toEqual(counts.points);
      }),
    );
  });

  test('damaged, cut or of another reference are profile_corrupt or other counts, and nothing is thrown', () => {
    fc.assert(
      fc.property(anyCounts, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(), (counts, at, flip, cut) => {
        const bytes = encodeCounts(counts);
        const shorter = decodeCounts(bytes.subarray(0, cut % bytes.length), REFERENCE, CHALLENGER_REFERENCE);
        expect(shorter.ok ? null : shorter.fault.code).toBe('profile_corrupt');
        const damaged = bytes.slice();
        damaged[at % bytes.length]! ^= flip;
        const read = decodeCounts(damaged, REFERENCE, CHALLENGER_REFERENCE);
        if (!read.ok) expect(read.fault.code).toBe('profile_corrupt');
      }),
    );
    const other = decodeCounts(encodeCounts(emptyCounts(0, GRAIN_MS, 'm', REFERENCE)), evenReference(['a', 'c']));
    expect(other.ok ? null : other.fault.code).toBe('profile_corrupt');
  });
});
