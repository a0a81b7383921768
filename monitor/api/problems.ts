import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodError } from 'zod';
import { ERRORS, type ErrorCode, type Fault, TidewatchError } from '../../core/errors.ts';

/** What every failed request answers. */
export interface Problem {
  code: ErrorCode;
  message: string;
  remedy: string;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  not_found: 404,
  forbidden_origin: 403,
  forbidden_scope: 403,
  signature_invalid: 401,
  too_many_requests: 429,
  artifact_corrupt: 422,
  artifact_version: 422,
  artifact_mismatch: 422,
  artifact_too_large: 422,
  unauthorized: 401,
  overloaded: 503,
  stands_by: 503,
  disk_full: 503,
  database_unavailable: 503,
  record_too_large: 413,
  internal: 500,
};
const OTHERWISE = 400;

export function problem(fault: Fault): Problem {
  const [meaning, remedy] = ERRORS[fault.code];
  return { code: fault.code, message: fault.detail ? `${meaning} ${sentence(fault.detail)}` : meaning, remedy };
}

export function sendFault(reply: FastifyReply, fault: Fault): FastifyReply {
  return reply.code(STATUS[fault.code] ?? OTHERWISE).send(problem(fault));
}

/** The first thing that a schema found wrong, as a fault that names the field. */
export function requestFault(error: ZodError, where: string): Fault {
  const issue = error.issues[0];
  const field = issue?.path.join('.');
  return { code: 'request_invalid', detail: `${where}${field ? ` ${field}` : ''}: ${issue?.message ?? 'invalid'}` };
}

/**
 * For everything thrown. What is not a TidewatchError is a bug or a fault of the framework's own parsing; its text may
 * hold what the caller sent, so only the log gets it.
 */
export function errorHandler(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof TidewatchError) {
    sendFault(reply, { code: error.code, detail: error.detail });
    return;
  }
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) {
    reply.code(413).send(problem({ code: 'request_invalid', detail: 'the body is larger than 64 KiB' }));
    return;
  }
  if (status !== undefined && status >= 400 && status < 500) {
    reply.code(status).send(problem({ code: 'request_invalid', detail: 'the body must be one JSON object' }));
    return;
  }
  request.log.error({ err: error }, 'request failed');
  sendFault(reply, { code: 'internal', detail: '' });
}

function sentence(detail: string): string {
  const first = detail.charAt(0).toUpperCase() + detail.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
