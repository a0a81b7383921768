import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter, CorruptBytes } from '../../core/bytes.ts';
import { streamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import { MAX_ARTIFACT_BYTES, readArtifact, writeArtifact } from '../../detector/artifact.ts';
import { fitReference } from '../../detector/fit-reference.ts';
import { loadModel } from '../../detector/model.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import { loadReference, saveReference } from '../../detector/reference-codec.ts';
import { makeModel, testConfig } from './make.ts';
import { anyReference } from './make-reference.ts';
import { makeSeries } from './make-series.ts';

function saved(reference: ReferenceProfile): Uint8Array {
  const writer = new ByteWriter();
  saveReference(writer, reference);
  return writer.finish();
}
const loaded = (bytes: Uint8Array): ReferenceProfile => loadReference(new ByteReader(bytes));

/** The reference, or what is said against it; anything else that is thrown is a fault of the codec. */
function attempt(bytes: Uint8Array): ReferenceProfile | CorruptBytes {
  try {
    return loaded(bytes);
  } catch (cause) {
    if (cause instanceof CorruptBytes) return cause;
    throw cause;
  }
}

const one = fc.sample(
  anyReference.filter(({ features, limits, scales }) => features.length === 2 && limits !== null && scales !== null),
  { seed: 1, numRuns: 1 },
)[0]!;

describe('a reference profile as bytes', () => {
  test('comes back bit for bit, and gives the same bytes again', () => {
    fc.assert(
      fc.property(anyReference, (reference) => {
        const bytes = saved(reference);
        const reader = new ByteReader(bytes);
        const again = loadReference(reader);
        expect(reader.remaining).toBe(0);
        expect(again).toEqual({
          ...reference,
          scales: reference.scales && new Map([...reference.scales].sort(([a], [b]) => (a < b ? -1 : 1))),
        });
        expect(saved(again)).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });

  test('cut anywhere is refused, and says what was being read', () => {
    const bytes = saved(one);
    for (let length = 0; length < bytes.length; length++) {
      const found = attempt(bytes.subarray(0, length));
      expect(found, `${length} of ${bytes.length} bytes`).toBeInstanceOf(CorruptBytes);
      expect((found as CorruptBytes).message).toMatch(/[a-z]{3}/);
    }
  });

  test('with any byte altered is refused, or is a profile of numbers that can be counted with', () => {
    const bytes = saved(one);
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0xff;
      const found = attempt(damaged);
      if (found instanceof CorruptBytes) {
        refused++;
        continue;
      }
      for (const { place, ratio, missing } of found.features) {
        expect(place.counts.every((n) => Number.isSafeInteger(n) && n >= 0)).toBe(true);
        expect([...place.edges, ...ratio, missing].every(Number.isFinite)).toBe(true);
      }
      expect([...found.top].every((f) => f >= 0 && f < found.features.length)).toBe(true);
    }
    expect(refused).toBeGreaterThan(bytes.length / 20);
  });

  test.each<[string, (reference: ReferenceProfile) => ReferenceProfile, RegExp]>([
    ['no bins', (r) => ({ ...r, bins: 0 }), /bins are 0/],
    ['a top feature that is not there', (r) => ({ ...r, top: Int32Array.of(2) }), /top feature 2 of 2/],
    ['a top feature twice', (r) => ({ ...r, top: Int32Array.of(1, 1) }), /top feature 1 of 2, or twice/],
    ['a share of NaN', (r) => withFeature(r, { missing: Number.NaN }), /share missing is NaN/],
    ['a share above 1', (r) => withFeature(r, { missing: 1.5 }), /share missing is 1.5/],
    ['too few ratios', (r) => withFeature(r, { ratio: new Float64Array(3) }), /ratios are not \d+ counts/],
    ['a negative span', (r) => ({ ...r, spanMs: -1 }), /span is -1/],
    ['an infinite count of windows', (r) => ({ ...r, windows: Number.POSITIVE_INFINITY }), /windows is Infinity/],
    ['a limit of 0', (r) => ({ ...r, limits: { ...r.limits!, psi: Float64Array.of(0, 1) } }), /limits of PSI is 0/],
    ['a limit of NaN', (r) => ({ ...r, limits: { ...r.limits!, ks: Float64Array.of(1, Number.NaN) } }), /limits of KS/],
    ['limits for other features', (r) => ({ ...r, limits: { ...r.limits!, psiAlone: Float64Array.of(1) } }), /alone/],
    ['scales of other features', (r) => ({ ...r, scales: new Map([['a', Float32Array.of(1)]]) }), /1 scales for 2/],
  ])('%s is refused', (_, bend, why) => {
    const found = attempt(saved(bend(one)));
    expect(found).toBeInstanceOf(CorruptBytes);
    expect((found as CorruptBytes).message).toMatch(why);
  });

  test('edges that fall or are not finite are refused', () => {
    for (const edges of [Float64Array.of(1, 0), Float64Array.of(0, Number.POSITIVE_INFINITY)]) {
      const place = { edges, counts: new Float64Array(4) };
      const found = attempt(saved(withFeature(one, { place })));
      expect(found).toMatchObject({ message: expect.stringMatching(/edges are not finite ascending/) });
    }
  });
});

const withFeature = (r: ReferenceProfile, change: Partial<ReferenceProfile['features'][number]>): ReferenceProfile => ({
  ...r,
  features: r.features.map((feature, f) => (f === 0 ? { ...feature, ...change } : feature)),
});

describe('of ten thousand entities with ten metrics', () => {
  const names = Array.from({ length: 10 }, (_, m) => `m${m}__mean__1m`);
  const series = new Map(
    Array.from({ length: 10_000 }, (_, e) => [
      `rechner-${e}-\u00e4\u00f6\u00fc`,
      makeSeries(names, 3, (row, c) => row + c + e),
    ]),
  );
  const scales = new Float32Array(2 * names.length).fill(1);
  const sizeOf = (keepScales: boolean, of = series) =>
    saved(
      fitReference({
        ...{ series: of, scalesOf: () => scales, scores: new Float64Array(100), weights: new Map(), former: null },
        ...{ keepScales, config: streamConfig.parse({ name: 's', window: { size: '1m' } }) },
      }),
    ).length;

  test('it takes a thousandth of the artifact, whatever the number of entities', () => {
    expect(sizeOf(false)).toBeLessThan(MAX_ARTIFACT_BYTES / 1_000);
    expect(sizeOf(false, new Map([...series].slice(0, 100)))).toBeGreaterThan(0.8 * sizeOf(false));
  });

  test('with their scales it stays within a budget; entities beyond it are newcomers', () => {
    expect(sizeOf(true)).toBeLessThan(MAX_ARTIFACT_BYTES / 10);
    const [first] = [...series.values()];
    const many = new Map(Array.from({ length: 60_000 }, (_, e) => [`\u00fc\u00fc\u00fc\u00fc-${e}`, first!]));
    expect(sizeOf(true, many)).toBeLessThan(MAX_ARTIFACT_BYTES / 4);
  });
});

describe('in the artifact of a model', () => {
  const artifact = makeModel(testConfig(), ['a', 'b'], 2);
  const { sections } = orThrow(readArtifact(artifact));
  const bytes = sections.get('reference')!;
  const start = bytes.byteOffset - artifact.byteOffset;

  test('every damaged byte of it is refused by the hash', () => {
    for (let at = start; at < start + bytes.length; at += 7) {
      const damaged = artifact.slice();
      damaged[at]! ^= 1 << (at % 8);
      const found = loadModel(damaged);
      expect(found).toMatchObject({ ok: false, fault: { code: 'artifact_corrupt' } });
      expect(!found.ok && found.fault.detail).toMatch(/SHA-256 is [0-9a-f]{64}, the artifact says/);
    }
  });

  test('one that was damaged before the hash was made is refused with the check that failed', () => {
    const cut = writeArtifact('stream', new Map([...sections, ['reference', bytes.slice(0, -9)]]));
    expect(loadModel(cut)).toMatchObject({ ok: false, fault: { code: 'artifact_corrupt' } });
    const bent = loaded(bytes);
    bent.features[0]!.missing = 2;
    const foreign = writeArtifact('stream', new Map([...sections, ['reference', saved(bent)]]));
    expect(loadModel(foreign)).toMatchObject({
      ok: false,
      fault: { code: 'artifact_corrupt', detail: expect.stringMatching(/share missing is 2/) },
    });
  });
});
