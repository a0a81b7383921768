import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import { decodeGolden, encodeGolden } from '../../../monitor/training/golden-codec.ts';
import { makeGolden } from '../../store/golden.suite.ts';

const bytes = encodeGolden(makeGolden());

test('a golden set is read back as it was written, and written the same again', () => {
  expect(orThrow(decodeGolden(bytes))).toEqual(makeGolden());
  expect(encodeGolden(orThrow(decodeGolden(bytes)))).toEqual(bytes);
  expect(orThrow(decodeGolden(encodeGolden({ windows: [], injected: [] })))).toEqual({ windows: [], injected: [] });
});

test('is read from a Buffer, which may be a part of a larger one, as from any bytes', () => {
  const pooled = Buffer.concat([Buffer.of(1), bytes]).subarray(1);
  expect(encodeGolden(orThrow(decodeGolden(pooled)))).toEqual(bytes);
});

test('bytes that are cut, or followed by others, are refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (size) => {
      expect(decodeGolden(bytes.subarray(0, size))).toMatchObject({ fault: { code: 'evidence_altered' } });
    }),
    { numRuns: 100 },
  );
  expect(decodeGolden(Uint8Array.from([...bytes, 0]))).toMatchObject({ fault: { code: 'evidence_altered' } });
});

test('whatever a byte becomes, the reader answers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const altered = bytes.slice();
      altered[at] = byte;
      expect(typeof decodeGolden(altered).ok).toBe('boolean');
    }),
    { numRuns: 200 },
  );
});
