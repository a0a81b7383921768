import type { FastifyReply } from 'fastify';
import { ERRORS, type ErrorCode, type Fault } from '../../core/errors.ts';
import type { Received } from './lines.ts';

/** Statuses by which clients of Influx decide: 4xx drops the batch, but 401, 413 (split), 429 and 5xx send it again. */
export const STATUS: Partial<Record<ErrorCode, number>> = {
  unauthorized: 401,
  forbidden_origin: 403,
  not_found: 404,
  record_too_large: 413,
  overloaded: 429,
  disk_full: 503,
  internal: 500,
};
/** Seconds after which it is worth to try again. */
export const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = { overloaded: 1, disk_full: 10 };
/** Codes of Influx's error body, by status. */
const INFLUX_CODES: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not found',
  413: 'request too large',
  415: 'invalid',
  429: 'too many requests',
  500: 'internal error',
  503: 'unavailable',
};
/** Faults told in one message of Influx's error body. */
const TOLD_FAULTS = 10;

export function sendFault(reply: FastifyReply, fault: Fault, influx: boolean): FastifyReply {
  const status = STATUS[fault.code] ?? 400;
  const retry = RETRY_AFTER_S[fault.code];
  if (retry !== undefined) reply.header('retry-after', retry);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const [meaning, remedy] = ERRORS[fault.code];
  const message = fault.detail === '' ? meaning : `${meaning} (${fault.detail})`;
  return reply
    .code(status)
    .send(
      influx ? { code: INFLUX_CODES[status], message: `${message} ${remedy}` } : { code: fault.code, message, remedy },
    );
}

/** The body by which Influx says which lines it did not take; the others are stored. */
export function sendPartialWrite(reply: FastifyReply, { accepted, refused, faults }: Received): FastifyReply {
  const told = faults.slice(0, TOLD_FAULTS).map(({ code, message }) => `${message} (${code})`);
  const more = faults.length > TOLD_FAULTS ? '; …' : '';
  const message = `partial write: ${refused} of ${accepted + refused} lines refused; ${told.join('; ')}${more}`;
  return reply.code(400).send({ code: 'invalid', message });
}
