import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Fault, fail, ok, type Result } from '../../core/errors.ts';
import { WATCHDOG } from '../../core/trigger-table.ts';
import { REPLAY_WINDOW_MS, SIGNATURE_HEADER, verifySignature } from '../notify/signature.ts';
import type { Decision, Input } from '../types.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { presentedToken } from './presented.ts';
import { errorHandler, requestFault, sendFault } from './problems.ts';
import { MAX_BODY_BYTES } from './schemas.ts';

/** Grafana's own signature of a webhook: HMAC-SHA256 over `TIMESTAMP:BODY`, in hex, where a timestamp header is set up. */
const GRAFANA_SIGNATURE = 'x-grafana-alerting-signature';
const GRAFANA_TIMESTAMP = 'x-grafana-alerting-timestamp';
const MAX_ALERTS = 200;

export interface AlertsInOptions {
  /** Without one the address is shut. */
  secret: string | undefined;
  /** Whether a trigger of this name is in force in the stream. */
  knows: (stream: string, trigger: string) => boolean;
  take: (stream: string, input: Input) => Promise<Result<Decision[]>>;
  /** Wall clock. */
  now: () => number;
  /** For metric and log; never with what was sent. */
  told: (outcome: 'accepted' | 'refused' | 'unavailable', fault: Fault | null) => void;
  /** The alert that always fires has come. */
  watched?: () => void;
}

/** What we read of the webhooks of Grafana and Alertmanager, which have more. */
const webhook = z.object({
  alerts: z
    .array(
      z.object({
        status: z.enum(['firing', 'resolved']),
        labels: z.record(z.string().max(256), z.string().max(1024)),
        startsAt: z.string().max(64),
        fingerprint: z.string().max(256).default(''),
      }),
    )
    .max(MAX_ALERTS),
});
type Alert = z.output<typeof webhook>['alerts'][number];

/**
 * POST /alerts: what Grafana and Alertmanager call. Who calls is checked on the bytes before anything is parsed. An alert
 * whose labels name a trigger (alertname) and a stream comes to the decision that our own evaluation comes to; the same
 * alert is taken once, however often it is sent.
 */
export function alertsIn(options: AlertsInOptions): FastifyPluginAsync {
  return async (app) => {
    app.setErrorHandler((error, request, reply) => {
      options.told('refused', null);
      errorHandler(error as Error, request, reply);
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    app.post('/alerts', { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
      reply.headers(SECURITY_HEADERS);
      const done = await taken(request, options);
      if (done.ok) {
        options.told('accepted', null);
        return done.value;
      }
      options.told(done.fault.code === 'stands_by' ? 'unavailable' : 'refused', done.fault);
      return sendFault(reply, done.fault);
    });
  };
}

async function taken(
  request: FastifyRequest,
  options: AlertsInOptions,
): Promise<Result<{ taken: number; ignored: number; decisions: string[] }>> {
  const { secret, knows, take, now } = options;
  if (secret === undefined) return fail('not_found', 'POST /alerts is shut; alerts.secretFile opens it');
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const sender = authentic(request.headers, body, secret, now());
  if (!sender.ok) return sender;
  const parsed = webhook.safeParse(jsonOf(body));
  if (!parsed.success) return { ok: false, fault: requestFault(parsed.error, 'body') };
  const decisions: string[] = [];
  let count = 0;
  for (const alert of parsed.data.alerts) {
    const { alertname: trigger = '', stream = '' } = alert.labels;
    const atMs = Date.parse(alert.startsAt);
    if (trigger === WATCHDOG && alert.status === 'firing') options.watched?.();
    if (!Number.isFinite(atMs) || !knows(stream, trigger)) continue;
    const firing = alert.status === 'firing';
    const done = await take(stream, { kind: 'alert', key: keyOf(alert), trigger, atMs, firing });
    if (!done.ok) return done;
    decisions.push(...done.value.map(({ id }) => id));
    count++;
  }
  return ok({ taken: count, ignored: parsed.data.alerts.length - count, decisions });
}

/** Of what the sender says that it is; a repeat says the same. */
function keyOf({ status, labels, startsAt, fingerprint }: Alert): string {
  const identity = fingerprint === '' ? Object.entries(labels).sort() : fingerprint;
  const text = JSON.stringify([identity, labels.stream, labels.alertname, startsAt, status]);
  return `alert ${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

/** The secret as bearer token, our signature, or Grafana's with its time. Signatures are good for five minutes. */
function authentic(headers: FastifyRequest['headers'], body: Uint8Array, secret: string, nowMs: number): Result<null> {
  const signature = headers[SIGNATURE_HEADER];
  if (signature !== undefined) return verifySignature([secret], String(signature), body, nowMs);
  const grafana = headers[GRAFANA_SIGNATURE];
  if (grafana !== undefined) return verifyGrafana(secret, String(grafana), headers[GRAFANA_TIMESTAMP], body, nowMs);
  const token = presentedToken(headers.authorization);
  if (token === '') return fail('unauthorized', `a signature or the secret as bearer token is wanted`);
  return timingSafeEqual(digest(token), digest(secret)) ? ok(null) : fail('unauthorized', '');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function verifyGrafana(
  secret: string,
  signature: string,
  timestamp: string | string[] | undefined,
  body: Uint8Array,
  nowMs: number,
): Result<null> {
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp))
    return fail('signature_invalid', `the header ${GRAFANA_TIMESTAMP} with seconds is missing`);
  if (Math.abs(nowMs - Number(timestamp) * 1000) > REPLAY_WINDOW_MS)
    return fail('signature_invalid', 'it was signed more than five minutes off our clock');
  if (!/^[0-9a-f]{64}$/.test(signature)) return fail('signature_invalid', 'the signature is not 64 hex digits');
  const wanted = createHmac('sha256', secret).update(`${timestamp}:`).update(body).digest();
  return timingSafeEqual(Buffer.from(signature, 'hex'), wanted)
    ? ok(null)
    : fail('signature_invalid', 'the signature is not that of this body with our secret');
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null; // which the schema refuses, saying what it wants
  }
}
