import { expect, test } from 'vitest';
import { tidewatchJsonDecoder } from '../../ingest/decode/tidewatch-json.ts';
import { checkDecoder } from './decoders.ts';
import { FINDINGS } from './findings.ts';
import { damaged, fuzz, judge, type Target } from './target.ts';
import { TARGETS } from './targets.ts';

const SEED = 20260105;
const COUNT = 100_000;

test.each(TARGETS.map((target) => [target.name, Math.ceil(COUNT * target.share), target] as const))(
  '%s survives its share of 100,000 inputs (%d)',
  async (_name, count, target) => {
    expect(await fuzz(target, SEED, count)).toBeNull();
  },
);

test.each(FINDINGS.map((finding) => [finding.target, finding.cause, finding] as const))(
  '%s survives %s',
  async (name, _cause, { base64 }) => {
    const target = TARGETS.find((t) => t.name === name)!;
    expect(await judge(target, Buffer.from(base64, 'base64'))).toBeNull();
  },
);

test('the harness sees a reader that throws, and names the input', async () => {
  const target: Target = {
    name: 'planted',
    share: 1,
    inputs: (seed) => damaged(seed, [new TextEncoder().encode('0123456789')]),
    check: (input) => {
      if (input.length > 10) throw new RangeError('planted');
      return null;
    },
  };
  const finding = await fuzz(target, 1, 1000);
  expect(finding).toMatchObject({ target: 'planted', why: expect.stringContaining('RangeError: planted') });
  expect(finding!.input.length).toBeGreaterThan(10);
});

test('the harness sees a decoder that lets NaN, an unlisted code or silence pass', () => {
  const sample = { entity: 'a', timeMs: 1, names: ['x'], values: [Number.NaN] };
  expect(checkDecoder((_v, _ms, sink) => sink.sample(sample), new Uint8Array(), false)).toBe('the value NaN');
  const unlisted = { code: 'toString' as 'internal', detail: '' };
  expect(checkDecoder((_v, _ms, sink) => sink.fault(unlisted), new Uint8Array(), false)).toContain('not listed');
  expect(checkDecoder(() => undefined, new Uint8Array(), false)).toBe('it said nothing');
  expect(checkDecoder(tidewatchJsonDecoder(), new Uint8Array(), false)).toBeNull();
});
