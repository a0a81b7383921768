import { expect, test } from 'vitest';
import { NAB_PROFILES, type NabFile, type NabProfile, nabScore } from '../../../scenarios/quality/nab.ts';

const times = Float64Array.from({ length: 400 }, (_, k) => Date.UTC(2024, 0, 1) + k * 300_000);
const at = (k: number) => times[k]!;
const rounded = (x: number) => Math.round((x / 1.6) * 100) / 100;
const a = Float64Array.from(times, (_, k) => rounded(((k * 7919) % 1009) / 1009 + (k >= 120 && k < 123 ? 0.5 : 0)));
const b = Float64Array.from(times, (_, k) => rounded(k === 330 ? 1.2 : ((k * 104729) % 1013) / 1013));
const files: NabFile[] = [
  { name: 'a', timesMs: times, scores: a, windows: [[at(110), at(140)]] },
  {
    name: 'b',
    timesMs: times,
    scores: b,
    windows: [
      [at(70), at(90)],
      [at(320), at(350)],
    ],
  },
];

test.each([
  ['standard', 64.90925486610506],
  ['reward_low_FP_rate', 64.90925486610506],
  ['reward_low_FN_rate', 65.49505879962561],
] as const)("the score of profile %s equals the reference's", (profile, expected) => {
  const { score, threshold } = nabScore(files, profile);
  expect(score).toBeCloseTo(expected, 10);
  expect(threshold).toBe(0.75);
});

test('silence scores 0, an alarm at the left edge of every window scores 100', () => {
  const silent = files.map((file) => ({ ...file, scores: new Float64Array(400) }));
  const edges = new Set([110, 70, 320]);
  const perfect = files.map((file) => ({
    ...file,
    scores: Float64Array.from(times, (time, k) =>
      edges.has(k) && file.windows.some(([first]) => first === time) ? 1 : 0,
    ),
  }));
  for (const profile of Object.keys(NAB_PROFILES) as NabProfile[]) {
    expect(nabScore(silent, profile).score).toBeLessThanOrEqual(0);
    expect(nabScore(perfect, profile).score).toBeCloseTo(100, 1);
  }
});

test('a window whose edge is no row of the file is refused', () => {
  const off = [{ ...files[0]!, windows: [[at(110) + 1, at(140)]] as const }];
  expect(() => nabScore(off, 'standard')).toThrow(/no row at a window's edge/);
});
