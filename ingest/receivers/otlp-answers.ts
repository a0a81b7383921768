import type { FastifyReply, FastifyRequest } from 'fastify';
import { describe, type Fault } from '../../core/errors.ts';
import { type Signal, writeResponse, writeStatus } from '../decode/otlp-proto.ts';
import { RETRY_AFTER_S, STATUS } from './answers.ts';
import type { Received } from './lines.ts';
import { messageOf, type OtlpFormat, otlpFormat } from './otlp.ts';

/** Seconds after which to send again what failed here. */
const RETRY_INTERNAL_S = 5;
const TYPES: Record<OtlpFormat, string> = { proto: 'application/x-protobuf', json: 'application/json' };
const REJECTED: Record<Signal, string> = { metrics: 'rejectedDataPoints', logs: 'rejectedLogRecords' };
/** Codes of google.rpc.Status, by HTTP status. */
const RPC_CODES: Readonly<Record<number, number>> = { 401: 16, 403: 7, 404: 5, 413: 8, 429: 8, 503: 14 };
const INVALID_ARGUMENT = 3;

export const isOtlp = ({ url }: FastifyRequest): boolean => url.startsWith('/v1/');

/** 200, in the encoding of the request, with what was refused. 64-bit integers of JSON are texts. */
export function sendExported(reply: FastifyReply, signal: Signal, received: Received): FastifyReply {
  const format = otlpFormat(reply.request.headers['content-type']) ?? 'json';
  const { refused } = received;
  const errorMessage = messageOf(received);
  reply.code(200).header('content-type', TYPES[format]);
  if (format === 'proto') return reply.send(Buffer.from(writeResponse(signal, refused, errorMessage)));
  const partialSuccess = { [REJECTED[signal]]: String(refused), errorMessage };
  return reply.send(JSON.stringify(refused === 0 ? {} : { partialSuccess }));
}

/**
 * A failure as OTLP/HTTP has it: google.rpc.Status in the encoding of the request. Exporters send again after 429 and
 * 503 alone, so what failed here is a 503 too: its data were good.
 */
export function sendOtlpFault(reply: FastifyReply, fault: Fault): FastifyReply {
  const usual = fault.code === 'internal' ? 503 : (STATUS[fault.code] ?? 400);
  const format = otlpFormat(reply.request.headers['content-type']);
  const status = format === null && usual === 400 ? 415 : usual;
  const retry = RETRY_AFTER_S[fault.code] ?? (status === 503 ? RETRY_INTERNAL_S : undefined);
  if (retry !== undefined) reply.header('retry-after', retry);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const code = RPC_CODES[status] ?? INVALID_ARGUMENT;
  const message = describe(fault);
  reply.code(status).header('content-type', TYPES[format ?? 'json']);
  return reply.send(format === 'proto' ? Buffer.from(writeStatus(code, message)) : JSON.stringify({ code, message }));
}
