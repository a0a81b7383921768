import { createHmac, timingSafeEqual } from 'node:crypto';
import { fail, ok, type Result } from '../../core/errors.ts';

/** Header of a signed webhook, ours and those we take: `t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`. */
export const SIGNATURE_HEADER = 'tidewatch-signature';
/** A message that was signed longer ago, or further ahead, is refused: a clock may be off, a replay comes later. */
export const REPLAY_WINDOW_MS = 300_000;

const mac = (secret: string, seconds: number, body: string | Uint8Array): string =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');

/** nowMs: wall clock. */
export function sign(secret: string, body: string | Uint8Array, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${mac(secret, seconds, body)}`;
}

/**
 * Whether the body was signed with one of the secrets (two while one is being replaced) and lately enough. Checked before
 * the body is parsed, in constant time. Fault: signature_invalid, which says whether it is missing, malformed, stale or
 * wrong, and nothing of the secrets.
 */
export function verifySignature(
  secrets: readonly string[],
  header: string | undefined,
  body: string | Uint8Array,
  nowMs: number,
): Result<null> {
  if (header === undefined) return fail('signature_invalid', `the header ${SIGNATURE_HEADER} is missing`);
  const parts = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (parts === null) return fail('signature_invalid', 'the header is not t=SECONDS,v1=HEX');
  const seconds = Number(parts[1]);
  const offMs = Math.abs(nowMs - seconds * 1000);
  if (offMs > REPLAY_WINDOW_MS) return fail('signature_invalid', `signed ${Math.round(offMs / 1000)} s off our clock`);
  const got = Buffer.from(parts[2]!, 'hex');
  let matches = false;
  for (const secret of secrets) {
    if (timingSafeEqual(got, Buffer.from(mac(secret, seconds, body), 'hex'))) matches = true;
  }
  return matches ? ok(null) : fail('signature_invalid', 'the signature is not that of this body with our secret');
}
