import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeAttribution, describeIncident, describeSpan, formatValue } from '../../detector/words.ts';

const about = (metric: string, share: number, value = 14.234, expectedLow = 0.3, expectedHigh = 1.1) => ({
  metric,
  share,
  value,
  expectedLow,
  expectedHigh,
});

test('a value has about three digits, and an exponent only when it is huge or tiny', () => {
  expect([0, 14.234, 412.4, 123_456, 0.01234, 1.5e12, 2e-7, -3.1385, Number.NaN].map(formatValue)).toEqual([
    '0', '14.2', '412', '123456', '0.0123', '1.50e+12', '2.00e-7', '-3.14', 'unknown',
  ]); // biome-ignore format: one row
});

test('an attribution says the value and what was expected', () => {
  expect(describeAttribution(about('disk queue', 1))).toBe('disk queue 14.2, expected 0.3 to 1.1');
  expect(describeAttribution(about('x', 1, 5, 3, 3.0001))).toBe('x 5, expected 3');
  expect(describeAttribution(about('x', 1, Number.NaN))).toBe('x missing');
  expect(describeAttribution(about('x', 1, 5, Number.NaN, Number.NaN))).toBe('x 5');
});

test('a value that is back inside its band is not called outside it', () => {
  expect(describeAttribution(about('x', 1, 1))).toMatch(/back inside/);
});

test('an incident says the metrics that matter, three at most, and something even without any', () => {
  const four = [about('a', 0.5), about('b', 0.3), about('c', 0.15), about('d', 0.12)];
  expect(
    describeIncident('anomaly', four, 0)
      .split('; ')
      .map((part) => part[0]),
  ).toEqual(['a', 'b', 'c']);
  expect(describeIncident('anomaly', [about('a', 0.93), about('b', 0.07)], 0)).not.toMatch(/b /);
  expect(describeIncident('anomaly', [], 0)).toMatch(/no single metric/);
});

test('a span is said in its two largest units', () => {
  const s = 1000;
  expect([0, 45 * s, 150 * s, 3600 * s, 3_900 * s, 90_061 * s].map(describeSpan)).toEqual([
    '0 s', '45 s', '2 min 30 s', '1 h', '1 h 5 min', '1 d 1 h',
  ]); // biome-ignore format: one row
});

test('any value and any span give words without NaN or Infinity', () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), fc.double(), fc.nat(), (value, low, high, ms) => {
      const said = `${describeAttribution({ metric: 'm', share: 1, value, expectedLow: low, expectedHigh: high })} ${describeSpan(ms)}`;
      expect(said).not.toMatch(/NaN|Infinity/);
    }),
  );
});
