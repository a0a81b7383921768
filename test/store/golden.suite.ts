import { describe, expect, it } from 'vitest';
import { type GoldenSet, type GoldenSets, goldenSet } from '../../monitor/training/golden.ts';
import { encodeGolden } from '../../monitor/training/golden-codec.ts';

/** Windows of `entities` entities with two features, a gap among the values, and something said about some. */
export function makeGolden(entities = 2, level = 10): GoldenSet {
  const rows = 300;
  return goldenSet(
    Array.from({ length: entities }, (_, e) => ({
      entity: `web-${e}`,
      features: ['cpu:mean', 'cpu:max'],
      startsMs: Float64Array.from({ length: rows }, (_row, i) => 1_700_000_000_000 + i * 10_000),
      values: Float64Array.from({ length: 2 * rows }, (_cell, i) =>
        i === 7 ? Number.NaN : level + Math.sin(i * (e + 1)),
      ),
      warmUp: 200,
      clean: Uint8Array.from({ length: rows }, (_row, i) => (i % 50 === 0 ? 0 : 1)),
      said: Int8Array.from({ length: rows }, (_row, i) => (i % 40 === 0 ? -1 : i % 41 === 0 ? 1 : 0)),
    })),
  );
}

/** To the last bit; null for none. */
const bitsOf = (set: GoldenSet | null): string | null => set && Buffer.from(encodeGolden(set)).toString('base64');

/** What every GoldenSets does, with a database and without. */
export function goldenSuite(name: string, make: () => Promise<GoldenSets>): void {
  describe(`GoldenSets on ${name}`, () => {
    it('has none before one is frozen, and then that one, to the last bit', async () => {
      const sets = await make();
      expect(await sets.get('hosts')).toBeNull();
      const set = makeGolden();
      expect(set.injected.flatMap(({ events }) => events).length).toBeGreaterThan(0);
      await sets.freeze('hosts', set);
      expect(bitsOf(await sets.get('hosts')) === bitsOf(set)).toBe(true);
      expect(await sets.get('other')).toBeNull();
    });

    it('keeps the first of a stream, whoever comes later and however often', async () => {
      const sets = await make();
      const [first, other] = [makeGolden(2, 10), makeGolden(3, 20)];
      await Promise.all([sets.freeze('hosts', first), sets.freeze('hosts', first)]);
      await sets.freeze('hosts', other);
      await sets.freeze('other', other);
      expect(bitsOf(await sets.get('hosts')) === bitsOf(first)).toBe(true);
      expect(bitsOf(await sets.get('other')) === bitsOf(other)).toBe(true);
    });

    it('is not changed by what is done to a set that was frozen or read', async () => {
      const sets = await make();
      const set = makeGolden();
      await sets.freeze('hosts', set);
      set.windows[0]!.values[0] = 1e9;
      (await sets.get('hosts'))!.windows[0]!.values[1] = 1e9;
      expect(bitsOf(await sets.get('hosts')) === bitsOf(makeGolden())).toBe(true);
    });
  });
}
