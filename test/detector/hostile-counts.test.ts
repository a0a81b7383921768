import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Fold } from '../../detector/fold.ts';
import { loadModel } from '../../detector/model.ts';
import { decoder, foldAll, makeModel, recordOf, testConfig } from './make.ts';

const config = testConfig({ detector: { trees: 2, sampleSize: 16 } });
/** Counts that a hostile writer would choose: all there is, the largest signed, one that 8 bytes each overflow to little. */
const COUNTS = [0xffffffff, 0x7fffffff, 0x20000001];
const HASH_BYTES = 32;
/** What reading may hold beyond the bytes themselves, at any moment. */
const MOST_BYTES = 64 << 20;

/** Largest memory of array buffers while a reader sees such a count at every place of the bytes. */
function largestMemory(bytes: Uint8Array, read: (bytes: Uint8Array) => void): number {
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  for (let at = 0; at + 4 <= bytes.length; at++) {
    for (const count of COUNTS) {
      const copy = bytes.slice();
      new DataView(copy.buffer).setUint32(at, count, true);
      read(copy);
    }
    if (at % 16 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  return most;
}

const samples = (i: number) => [{ entity: 'ab'[i % 2]!, timeMs: i * 5000, names: ['m0', 'm1'], values: [i, i % 3] }];
const state = foldAll(
  config,
  Array.from({ length: 12 }, (_, i) => recordOf(i, i * 5000, samples(i))),
).fold.save();

test('no count in a state makes its reader reserve more than the state could fill', () => {
  expect(largestMemory(state.subarray(0, 3000), (bytes) => Fold.restore(config, decoder, bytes))).toBeLessThan(
    MOST_BYTES,
  );
  const tail = state.subarray(state.length - 400);
  const whole = (end: Uint8Array) => Buffer.concat([state.subarray(0, state.length - 400), end]);
  expect(largestMemory(tail, (bytes) => Fold.restore(config, decoder, whole(bytes)))).toBeLessThan(MOST_BYTES);
});

test('no count in an artifact does, not even behind a right hash', () => {
  const body = makeModel(config, ['a'], 2).slice(0, -HASH_BYTES);
  const hashed = (bytes: Uint8Array) => Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]);
  expect(loadModel(hashed(body))).toMatchObject({ ok: true });
  const head = body.subarray(0, 2000);
  const rest = body.subarray(2000);
  expect(largestMemory(head, (bytes) => loadModel(hashed(Buffer.concat([bytes, rest]))))).toBeLessThan(MOST_BYTES);
});

test('a reader that believes a count is seen', () => {
  const held: Float64Array[] = [];
  const believes = (bytes: Uint8Array) => {
    const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    if (held.length === 0) held.push(new Float64Array(Math.min(count, 2e7)));
  };
  expect(largestMemory(new Uint8Array(8), believes)).toBeGreaterThan(MOST_BYTES);
});
