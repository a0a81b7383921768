import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { Random } from '../../core/random.ts';
import {
  alertDecades,
  calibrate,
  combine,
  combinedDecades,
  loadCalibration,
  pValueOf,
  saveCalibration,
} from '../../detector/calibration.ts';

const HELD_OUT = 4000;

/** A forest's scores and tail sums that agree with each other more or less, as they do on real windows. */
function figures(random: Random): { score: number; tailSum: number } {
  const shared = random.normal();
  return { score: shared + 0.5 * random.normal(), tailSum: Math.abs(shared + random.normal()) };
}

const random = new Random(1);
const heldOut = Array.from({ length: HELD_OUT }, () => figures(random));
const calibration = calibrate(
  Float64Array.from(heldOut, ({ score }) => score),
  Float64Array.from(heldOut, ({ tailSum }) => tailSum),
  1,
);
const pValue = ({ score, tailSum }: { score: number; tailSum: number }): number =>
  pValueOf(combinedDecades(calibration, combine(calibration, score, tailSum)));

test('normal windows that nothing was fitted to have p-values that are uniform where alarms are decided', () => {
  const fresh = Array.from({ length: 20_000 }, () => pValue(figures(random)));
  for (const p of [0.3, 0.1, 0.03, 0.01, 0.003]) {
    const share = fresh.filter((x) => x <= p).length / fresh.length;
    expect([p, share > p / 1.5 && share < p * 1.5]).toEqual([p, true]);
  }
});

test('a larger score with the same tail sum is never less significant', () => {
  const figure = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(figure, figure, figure, (a, b, tailSum) => {
      const low = pValue({ score: Math.min(a, b), tailSum });
      const high = pValue({ score: Math.max(a, b), tailSum });
      expect(high).toBeLessThanOrEqual(low);
      expect(high).toBeGreaterThan(0);
    }),
  );
});

test('the alert rate and its decades are two names for one threshold', () => {
  for (const rate of [0.2, 0.01, 0.001, 1e-6]) expect(pValueOf(alertDecades(rate)) / rate).toBeCloseTo(1, 12);
});

test('a p-value is never 0, however far out', () => {
  expect(pValueOf(1e9)).toBeGreaterThan(0);
  expect(pValueOf(0)).toBe(1);
});

test('saved and loaded it is the same; knots that fall are refused', () => {
  const writer = new ByteWriter();
  saveCalibration(writer, calibration);
  expect(loadCalibration(new ByteReader(writer.finish()))).toEqual(calibration);
  const broken = { ...calibration, combined: calibration.combined.slice().reverse() };
  const bad = new ByteWriter();
  saveCalibration(bad, broken);
  expect(() => loadCalibration(new ByteReader(bad.finish()))).toThrow(/combined knots/);
});
