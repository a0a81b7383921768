import { describe, expect, test } from 'vitest';
import { ByteReader, CorruptBytes } from '../../core/bytes.ts';
import { MAX_ARTIFACT_BYTES, readArtifact, section, writeArtifact } from '../../detector/artifact.ts';
import { mutations } from '../fuzz.ts';

const sections = new Map([
  ['forest', Uint8Array.of(1, 2, 3)],
  ['empty', new Uint8Array(0)],
  ['golden', Uint8Array.from({ length: 200 }, (_, i) => i)],
]);
const bytes = writeArtifact('stream', sections);

const detailOf = (damaged: Uint8Array): string => {
  const result = readArtifact(damaged);
  return result.ok ? 'ok' : `${result.fault.code}: ${result.fault.detail}`;
};
const patched = (at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
};

describe('an artifact', () => {
  test('gives back its kind and its sections in order, with the hash of everything', () => {
    const result = readArtifact(bytes);
    if (!result.ok) throw new Error(result.fault.detail);
    expect(result.value.kind).toBe('stream');
    expect([...result.value.sections.keys()]).toEqual(['forest', 'empty', 'golden']);
    for (const [name, content] of sections) expect([...result.value.sections.get(name)!]).toEqual([...content]);
    expect(result.value.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Buffer.from(bytes.subarray(-32)).toString('hex')).toBe(result.value.sha256);
  });

  test('has the same bytes every time', () => {
    expect(writeArtifact('stream', sections)).toEqual(bytes);
    expect(writeArtifact('table', sections)).not.toEqual(bytes);
  });

  test('is read from a view into a larger buffer', () => {
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 5);
    expect(readArtifact(larger.subarray(5, 5 + bytes.length)).ok).toBe(true);
  });

  test('names the bad field and what it saw', () => {
    expect(detailOf(new Uint8Array(0))).toMatch('artifact_corrupt: magic needs 8 bytes, 0 are left');
    expect(detailOf(patched(0, 0x58))).toMatch('artifact_corrupt: magic is 58574d4f44454c00');
    expect(detailOf(patched(8, 9))).toBe('artifact_version: format version is 9, expected 1');
    expect(detailOf(patched(bytes.length - 1, bytes.at(-1)! ^ 1))).toMatch('artifact_corrupt: SHA-256 is ');
    expect(detailOf(bytes.subarray(0, 20))).toMatch('artifact_corrupt: 20 bytes have no room for a hash');
  });

  test('too large is refused before anything is read, and cannot be written', () => {
    expect(detailOf(new Uint8Array(MAX_ARTIFACT_BYTES + 1))).toBe('artifact_too_large: it has 20000001 bytes');
    const big = new Map([['forest', new Uint8Array(MAX_ARTIFACT_BYTES)]]);
    expect(() => writeArtifact('table', big)).toThrow('artifact_too_large');
  });

  test('with a right hash over a wrong inside is still refused', async () => {
    const { createHash } = await import('node:crypto');
    const resealed = (change: (body: Uint8Array) => Uint8Array): Uint8Array => {
      const body = change(bytes.slice(0, -32));
      return Buffer.concat([body, createHash('sha256').update(body).digest()]);
    };
    const at = (offset: number, value: number) => (body: Uint8Array) => {
      body[offset] = value;
      return body;
    };
    expect(detailOf(resealed(at(12, 7)))).toBe('artifact_corrupt: kind is 7, expected 0 to 1');
    expect(detailOf(resealed(at(19, 1)))).toMatch('artifact_corrupt: sections is 16777219, at most 64 expected');
    expect(detailOf(resealed((body) => body.subarray(0, body.length - 1)))).toMatch('artifact_corrupt');
    expect(detailOf(resealed((body) => Buffer.concat([body, Uint8Array.of(0)])))).toMatch('sections end at byte');
    let seed = 0;
    for (const { bytes: damaged } of mutations(11, 20_000, bytes.slice(0, -32))) {
      const result = readArtifact(resealed(() => damaged));
      if (!result.ok) expect(result.fault.code, `mutation ${seed}`).toMatch(/^artifact_/);
      seed++;
    }
  });

  test('damaged in any way is refused with a code, and never crashes its reader', () => {
    let i = 0;
    for (const { kind, bytes: damaged } of mutations(7, 100_000, bytes)) {
      const result = readArtifact(damaged);
      if (result.ok) throw new Error(`mutation ${i} of seed 7 (${kind}) was accepted`);
      if (!result.fault.code.startsWith('artifact_')) throw new Error(`mutation ${i}: ${result.fault.code}`);
      i++;
    }
  });

  test('without a section that is asked for says which', () => {
    const result = readArtifact(bytes);
    if (!result.ok) throw new Error(result.fault.detail);
    expect(section(result.value, 'golden')).toBeInstanceOf(ByteReader);
    expect(() => section(result.value, 'calibration')).toThrow(CorruptBytes);
    expect(() => section(result.value, 'calibration')).toThrow('section calibration is missing');
  });
});
