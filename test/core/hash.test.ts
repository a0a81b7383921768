import fc from 'fast-check';
import { expect, it } from 'vitest';
import { namesHash, sha256Hex, verdictHash, verdictId } from '../../core/hash.ts';
import type { Verdict } from '../../core/types.ts';
import { makeVerdict } from '../store/make.ts';

it('gives the SHA-256 of FIPS 180-2', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

it('gives the same hash for the same content for ever', () => {
  // stored rows carry it: another value here means that every repeat counts as divergent
  expect(verdictHash(makeVerdict())).toBe('8679331366b42fd4');
  expect(verdictId(makeVerdict())).toBe('f169a0acd7a3a1cb');
  expect(namesHash(['a', 'bc'])).toBe('6b9ec0bdcd925bff');
});

it('changes with every field of a verdict', () => {
  const base = makeVerdict();
  const { readings } = base;
  const flip = (array: Float64Array, at: number, value: number) => array.map((x, i) => (i === at ? value : x));
  const changes: Partial<Verdict>[] = [
    { stream: 'x' },
    { entity: 'web-1 ' },
    { windowStartMs: 1 },
    { windowMs: 1 },
    { schemaVersion: 9 },
    { source: 'fallback' },
    { score: base.score + Number.EPSILON },
    { pValue: 0.3 },
    { severity: 0.2500001 },
    { probation: true },
    { modelId: 'model-2' },
    { calibrationVersion: 3 },
    { readings: { ...readings, features: [...readings.features.slice(1), readings.features[0]!] } },
    { readings: { ...readings, values: flip(readings.values, 1, 0) } },
    { readings: { ...readings, low: flip(readings.low, 0, -0) } },
    { readings: { ...readings, high: flip(readings.high, 2, Number.NaN) } },
    { attributions: [{ metric: 'cpu', share: 1, value: 1, expectedLow: 0, expectedHigh: 1 }] },
  ];
  const hashes = [base, ...changes.map((change) => makeVerdict(change))].map(verdictHash);
  expect(new Set(hashes).size).toBe(hashes.length);
});

it('takes all NaNs for one, whatever their bits', () => {
  const odd = new Float64Array(new BigUint64Array([0x7ff8000000000123n]).buffer);
  const { readings } = makeVerdict();
  const hash = (x: number) =>
    verdictHash(makeVerdict({ readings: { ...readings, values: Float64Array.of(x, 1, 1, 1, 1) } }));
  expect(hash(odd[0]!)).toBe(hash(Number.NaN));
});

it('gives close names and windows ids that do not collide', () => {
  const ids = new Set<string>();
  for (let host = 0; host < 300; host++)
    for (let window = 0; window < 300; window++)
      ids.add(verdictId(makeVerdict({ entity: `host-${host}`, windowStartMs: 1_700_000_000_000 + window * 10_000 })));
  expect(ids.size).toBe(90_000);
});

it('does not take the border between two names for part of them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 4 }), { maxLength: 4 }),
      fc.array(fc.string({ maxLength: 4 }), { maxLength: 4 }),
      (a, b) => {
        expect(namesHash(a) === namesHash(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      },
    ),
  );
});
