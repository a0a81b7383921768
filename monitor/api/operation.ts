import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ERRORS, type Fault, fail, ok, type Result, TidewatchError } from '../../core/errors.ts';
import type { AuditEntry, AuditStore, TokenScope } from '../access/ports.ts';
import { RateLimit, READ_RATE, WRITE_RATE } from '../access/rate-limit.ts';
import { type Access, type Identity, lacks, may } from '../access/tokens.ts';
import { presentedToken } from './presented.ts';
import { requestFault, sendFault } from './problems.ts';
import { MAX_BODY_BYTES } from './schemas.ts';

/** Anything that parses what a caller sent; zod's output is what `handle` gets. */
type Schema = z.ZodType;
type Out<S> = S extends z.ZodType ? z.output<S> : undefined;

/**
 * One operation of the HTTP API: its route, its right, its schemas and what it does. The routes, the OpenAPI document and
 * docs/reference/api.md are made from the list of these, so that none of them can differ.
 */
export interface Operation<P = Schema | undefined, Q = Schema | undefined, B = Schema | undefined> {
  method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it: /api/models/{id}. */
  path: `/api/${string}`;
  id: string;
  scope: TokenScope;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  answer: Schema;
  /** Of an answer that is well; 200 if left out. */
  status?: 200 | 201 | 204;
  handle(asked: Asked<P, Q, B>): Promise<Result<unknown>>;
}

export interface Asked<P, Q, B> {
  params: Out<P>;
  query: Out<Q>;
  body: Out<B>;
  identity: Identity;
}

/** An operation with the types of its schemas checked against its handler, then forgotten. */
export const operation = <P extends Schema | undefined, Q extends Schema | undefined, B extends Schema | undefined>(
  one: Operation<P, Q, B>,
): Operation => one as unknown as Operation;

export interface OperationContext {
  access: Access;
  audit: AuditStore;
  now: () => number;
  elapsed: () => number;
}

/** Mounts the operations: rate limit, token, scope, schemas, then the work; every change is audited, done or not. */
export function operationRoutes(
  app: FastifyInstance,
  operations: readonly Operation[],
  context: OperationContext,
): void {
  const reads = new RateLimit(READ_RATE);
  const writes = new RateLimit(WRITE_RATE);
  for (const one of operations) {
    const change = one.method !== 'GET';
    app.route({
      method: one.method,
      url: one.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      bodyLimit: MAX_BODY_BYTES,
      handler: async (request, reply) => {
        const waitMs = (change ? writes : reads).take(request.ip, context.elapsed());
        if (waitMs > 0) {
          reply.header('retry-after', Math.ceil(waitMs / 1000));
          return sendFault(reply, fail('too_many_requests', '').fault);
        }
        const who = await context.access.who(presentedToken(request.headers.authorization));
        const actor = who.ok ? who.value.actor : 'nobody';
        const note = (outcome: AuditEntry['outcome'], detail: string) =>
          change ? context.audit.append(entryOf(one, request, context.now(), actor, outcome, detail)) : undefined;
        try {
          const done = who.ok ? await carryOut(one, request, who.value) : who;
          await note(done.ok ? 'done' : 'refused', done.ok ? '' : spoken(done.fault));
          return answer(reply, one, done);
        } catch (cause) {
          await note('failed', '');
          throw cause;
        }
      },
    });
  }
}

async function carryOut(one: Operation, request: FastifyRequest, identity: Identity): Promise<Result<unknown>> {
  if (!may(identity, one.scope)) return lacks(one.scope);
  const asked: Record<string, unknown> = { identity };
  for (const part of ['params', 'query', 'body'] as const) {
    const schema = one[part];
    if (schema === undefined) continue;
    const parsed = schema.safeParse(request[part] ?? {});
    if (!parsed.success) return { ok: false, fault: requestFault(parsed.error, part) };
    asked[part] = parsed.data;
  }
  try {
    return await one.handle(asked as unknown as Parameters<Operation['handle']>[0]);
  } catch (cause) {
    if (cause instanceof TidewatchError) return fail(cause.code, cause.detail);
    throw cause;
  }
}

const entryOf = (
  { method, path }: Operation,
  { url }: FastifyRequest,
  atMs: number,
  actor: string,
  outcome: AuditEntry['outcome'],
  detail: string,
): AuditEntry => ({
  atMs,
  actor,
  action: `${method} ${path}`,
  subject: url.split('?')[0]!.slice(0, 512),
  outcome,
  detail,
});

const spoken = ({ code }: Fault): string => `${code}: ${ERRORS[code][0]}`;

function answer(reply: FastifyReply, one: Operation, done: Result<unknown>): FastifyReply {
  if (!done.ok) return sendFault(reply, done.fault);
  const status = one.status ?? 200;
  return status === 204 ? reply.code(204).send() : reply.code(status).send(done.value);
}

/** For handlers that look one thing up. */
export const found = <T>(thing: T | null, what: string): Result<T> =>
  thing === null ? fail('not_found', what.slice(0, 256)) : ok(thing);
