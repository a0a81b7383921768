import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_OFFERS } from '../../../monitor/labels/ports.ts';
import { offerId, placeOf, sample } from '../../../monitor/labels/sample.ts';

const window = (i: number, entity = 'web-1') => ({
  stream: 'hosts',
  entity,
  windowStartMs: i * 10_000,
  windowMs: 10_000,
});
const many = (count: number, entity?: string) => Array.from({ length: count }, (_, i) => window(i, entity));

it('places a window where PostgreSQL places it', () => {
  // SELECT md5('hosts' || chr(31) || 'web-1' || chr(31) || 0 || chr(31) || 10000)
  expect(offerId(window(0))).toBe('77669e42b7d0897bd451e85da9b42d0c');
});

it('places windows evenly', () => {
  const tenths = new Array<number>(10).fill(0);
  for (const w of many(10_000)) tenths[Math.floor(placeOf(w) * 10)]!++;
  for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

it('chooses the same windows whatever their order, and says a probability that holds for each', () => {
  const all = many(400);
  fc.assert(
    fc.property(fc.shuffledSubarray(all), fc.double({ min: 1e-6, max: 1, noNaN: true }), (some, probability) => {
      const chosen = sample(some, probability);
      const again = sample([...some].reverse(), probability);
      expect(again).toEqual(chosen);
      expect(chosen.windows.length).toBeLessThanOrEqual(MAX_OFFERS);
      expect(chosen.probability).toBeLessThanOrEqual(probability);
      // exactly those below it, so each one's own chance was that
      expect(chosen.windows).toHaveLength(some.filter((w) => placeOf(w) < chosen.probability).length);
    }),
  );
});

it('weighs what it stands for, on average, also when it had to cut', () => {
  const total = 600;
  let weight = 0;
  const rounds = 200;
  for (let round = 0; round < rounds; round++) {
    const { windows, probability } = sample(many(total, `web-${round}`), 0.5);
    expect(windows).toHaveLength(MAX_OFFERS);
    weight += windows.length / probability;
  }
  // standard error of the mean is about total / sqrt(MAX_OFFERS × rounds) = 6
  expect(Math.abs(weight / rounds - total)).toBeLessThan(25);
  // weights that forget the cut would say a sixth of it
  expect((MAX_OFFERS / 0.5) * 6).toBeLessThanOrEqual(total);
});
