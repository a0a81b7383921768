import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { type Fault, fail, ok, type Result } from '../../core/errors.ts';
import { MAX_BODY_BYTES } from '../decode/limits.ts';
import type { Signal } from '../decode/otlp-proto.ts';
import { PRECISIONS, type Precision } from '../decode/time.ts';
import type { Log } from '../ports.ts';
import { sendFault, sendPartialWrite } from './answers.ts';
import { plainBody } from './body.ts';
import { Guard } from './guard.ts';
import { receiveJson } from './json-records.ts';
import { type Received, receiveLines } from './lines.ts';
import { otlpFormat, receiveOtlp } from './otlp.ts';
import { isOtlp, sendExported, sendOtlpFault } from './otlp-answers.ts';

export interface ReceiversOptions {
  streams: readonly StreamConfig[];
  /** Where lines go that name no stream we have. */
  defaultStream: string;
  logFor: (stream: string) => Log;
  clock: Clock;
  /** Callers must send it; without one only this machine may write. */
  token?: string | undefined;
  /** Largest body, before and after gunzip. Default 8 MiB. */
  maxBodyBytes?: number;
}

export interface Receivers {
  /** Routes POST /api/v2/write, /api/records, /v1/metrics and /v1/logs, for `app.register`. */
  plugin: FastifyPluginAsync;
  /** Lines or points taken, those refused with an answer, and requests turned away as a whole, since the start. */
  readonly counters: { accepted: number; refused: number; turnedAway: number };
}

/** Requests at once; each may hold a body in memory. */
const MAX_IN_FLIGHT = 32;
/** In which a request must have come in whole. */
const REQUEST_TIMEOUT_MS = 30_000;

type Query = { precision?: unknown; bucket?: unknown; stream?: unknown };

/** HTTP intake. A line that was answered with success is durable in its stream's log. */
export function receivers(options: ReceiversOptions): Receivers {
  const { clock, logFor, maxBodyBytes = MAX_BODY_BYTES } = options;
  const streams = new Map(options.streams.map((stream) => [stream.name, stream]));
  const guard = new Guard(options.token);
  const counters = { accepted: 0, refused: 0, turnedAway: 0 };
  let inFlight = 0;

  const turnAway = (reply: FastifyReply, fault: Fault) => {
    counters.turnedAway++;
    return isOtlp(reply.request) ? sendOtlpFault(reply, fault) : sendFault(reply, fault, isInflux(reply.request));
  };

  const streamOf = ({ stream, bucket }: Query): Result<StreamConfig> => {
    if (typeof stream === 'string') {
      const named = streams.get(stream);
      return named ? ok(named) : fail('not_found', `no stream of the name given`);
    }
    const found = (typeof bucket === 'string' ? streams.get(bucket) : undefined) ?? streams.get(options.defaultStream);
    return found ? ok(found) : fail('not_found', 'no stream takes telemetry by HTTP');
  };

  const store = async (stream: StreamConfig, received: Received): Promise<Fault | null> => {
    if (received.records.length > 0) {
      const appended = await logFor(stream.name).append(received.records);
      if (!appended.ok) return appended.fault;
    }
    counters.accepted += received.accepted;
    counters.refused += received.refused;
    return null;
  };

  const write = async (request: FastifyRequest, reply: FastifyReply) => {
    const query = request.query as Query;
    const precision = query.precision ?? 'ns';
    if (!isPrecision(precision)) return turnAway(reply, invalid('precision must be ns, us, ms or s'));
    const stream = streamOf(query);
    if (!stream.ok) return turnAway(reply, stream.fault);
    const body = await plainBody(request.body, request.headers, maxBodyBytes);
    if (!body.ok) return turnAway(reply, body.fault);
    if (stream.value.encoding !== 'influx' && stream.value.encoding !== 'tidewatch_json')
      return turnAway(reply, invalid(`the stream ${stream.value.name} takes no line protocol`));
    const received = receiveLines(body.value, stream.value, precision, clock.now());
    const fault = await store(stream.value, received);
    if (fault !== null) return turnAway(reply, fault);
    return received.refused > 0 ? sendPartialWrite(reply, received) : reply.code(204).send();
  };

  const records = async (request: FastifyRequest, reply: FastifyReply) => {
    const stream = streamOf(request.query as Query);
    if (!stream.ok) return turnAway(reply, stream.fault);
    if (stream.value.encoding !== 'tidewatch_json')
      return turnAway(reply, invalid(`the stream ${stream.value.name} takes no Tidewatch JSON`));
    const body = await plainBody(request.body, request.headers, maxBodyBytes);
    if (!body.ok) return turnAway(reply, body.fault);
    const received = receiveJson(body.value, clock.now());
    const fault = await store(stream.value, received);
    if (fault !== null) return turnAway(reply, fault);
    const { accepted, refused, faults: rejected } = received;
    return reply.code(accepted === 0 && refused > 0 ? 400 : 202).send({ accepted, refused, rejected });
  };

  const otlp = (signal: Signal) => async (request: FastifyRequest, reply: FastifyReply) => {
    const format = otlpFormat(request.headers['content-type']);
    if (format === null)
      return turnAway(reply, invalid('Content-Type must be application/x-protobuf or application/json'));
    const stream = streamOf(request.query as Query);
    if (!stream.ok) return turnAway(reply, stream.fault);
    const { encoding, name, entityTags } = stream.value;
    if (encoding !== 'tidewatch_json') return turnAway(reply, invalid(`the stream ${name} takes no OTLP by HTTP`));
    const body = await plainBody(request.body, request.headers, maxBodyBytes);
    if (!body.ok) return turnAway(reply, body.fault);
    const received = receiveOtlp(body.value, format, signal, entityTags, clock.now());
    if (!received.ok) return turnAway(reply, received.fault);
    const fault = await store(stream.value, received.value);
    return fault === null ? sendExported(reply, signal, received.value) : turnAway(reply, fault);
  };

  const plugin: FastifyPluginAsync = async (app) => {
    // Clients send these bodies under any type, curl as a form.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.addHook('onRequest', async (request, reply) => {
      inFlight++;
      const fault = guard.check(request.raw);
      if (fault !== null) return turnAway(reply, fault);
      if (inFlight > MAX_IN_FLIGHT)
        return turnAway(reply, fail('overloaded', `${MAX_IN_FLIGHT} requests at once`).fault);
    });
    app.addHook('onResponse', async () => {
      inFlight--;
    });
    app.setErrorHandler((error: FastifyError, request, reply) => {
      if (error.statusCode === 413)
        return turnAway(reply, { code: 'record_too_large', detail: `a body of at most ${maxBodyBytes} bytes` });
      if (error.statusCode !== undefined && error.statusCode < 500) return turnAway(reply, invalid(error.message));
      request.log.error({ err: error }, 'taking telemetry failed');
      return turnAway(reply, { code: 'internal', detail: '' });
    });
    // Without it a slow sender keeps its connection and its share of the body for ever.
    if (app.server.requestTimeout === 0) app.server.requestTimeout = REQUEST_TIMEOUT_MS;
    app.post('/api/v2/write', { bodyLimit: maxBodyBytes }, write);
    app.post('/api/records', { bodyLimit: maxBodyBytes }, records);
    app.post('/v1/metrics', { bodyLimit: maxBodyBytes }, otlp('metrics'));
    app.post('/v1/logs', { bodyLimit: maxBodyBytes }, otlp('logs'));
  };
  return { plugin, counters };
}

const invalid = (detail: string): Fault => ({ code: 'request_invalid', detail });
const isInflux = (request: FastifyRequest) => request.url.startsWith('/api/v2/');
const isPrecision = (text: unknown): text is Precision => typeof text === 'string' && Object.hasOwn(PRECISIONS, text);
