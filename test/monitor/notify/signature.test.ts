import fc from 'fast-check';
import { expect, test } from 'vitest';
import { REPLAY_WINDOW_MS, sign, verifySignature } from '../../../monitor/notify/signature.ts';

const NOW_MS = 1_760_000_000_000;
const SECRET = 'a secret of some length';

test('what was signed with one of the secrets is taken, while the other is being replaced', () => {
  const header = sign(SECRET, '{"a":1}', NOW_MS);
  expect(verifySignature(['another one', SECRET], header, '{"a":1}', NOW_MS + 1_000).ok).toBe(true);
});

test.each([
  ['is missing', undefined, 0, /is missing/],
  ['is malformed', 't=1,v1=ff', 0, /is not t=SECONDS,v1=HEX/],
  ['is stale', sign(SECRET, 'body', NOW_MS - REPLAY_WINDOW_MS - 1_000), 0, /signed 301 s off our clock/],
  [
    'comes from a clock ahead',
    sign(SECRET, 'body', NOW_MS + REPLAY_WINDOW_MS + 1_000),
    0,
    /signed 301 s off our clock/,
  ],
  ['is of another secret', sign('not it', 'body', NOW_MS), 0, /not that of this body/],
  ['is of another body', sign(SECRET, 'Body', NOW_MS), 0, /not that of this body/],
])('a signature that %s is refused, and the reason holds no secret', (_what, header, _x, reason) => {
  const checked = verifySignature([SECRET], header, 'body', NOW_MS);
  if (checked.ok) throw new Error('taken');
  expect(checked.fault.code).toBe('signature_invalid');
  expect(checked.fault.detail).toMatch(reason);
  expect(checked.fault.detail).not.toContain(SECRET);
});

test('one altered byte of body or header is always refused', () => {
  const altered = fc.record({
    body: fc.uint8Array({ minLength: 1 }),
    at: fc.nat(),
    bit: fc.nat(7),
    inHeader: fc.boolean(),
  });
  fc.assert(
    fc.property(altered, ({ body, at, bit, inHeader }) => {
      const header = sign(SECRET, body, NOW_MS);
      const flip = (bytes: Uint8Array) => {
        const copy = bytes.slice();
        copy[at % copy.length]! ^= 1 << bit;
        return copy;
      };
      const [h, b] = inHeader
        ? [Buffer.from(flip(Buffer.from(header))).toString('latin1'), body]
        : [header, flip(body)];
      expect(verifySignature([SECRET], h, b, NOW_MS).ok).toBe(false);
    }),
  );
});
