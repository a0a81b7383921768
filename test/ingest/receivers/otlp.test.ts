import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import type { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import Fastify from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { streamConfig } from '../../../core/config/stream.ts';
import { fail } from '../../../core/errors.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import { MemoryLog } from '../../../ingest/memory-log.ts';
import { receivers } from '../../../ingest/receivers/index.ts';
import { readAll } from '../../log.suite.ts';
import { type Decoded, decodeAll } from '../decode/collect.ts';
import { settableClock } from '../file-log/files.ts';

const NOW_MS = Date.UTC(2026, 0, 5);
const telemetry = streamConfig.parse({ name: 'telemetry' });
const lines = streamConfig.parse({ name: 'lines', encoding: 'influx' });
const resource = resourceFromAttributes({ 'service.name': 'checkout', 'service.instance.id': 'r1' });

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
});

async function serve(more: { token?: string; maxBodyBytes?: number } = {}) {
  const clock = settableClock(NOW_MS);
  const log = new MemoryLog(clock);
  const made = receivers({
    streams: [telemetry, lines],
    defaultStream: 'telemetry',
    logFor: () => log,
    clock,
    ...more,
  });
  const app = Fastify();
  await app.register(made.plugin);
  await app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => app.close());
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const post = (path: string, body: string | Uint8Array, type = 'application/json', headers = {}) =>
    fetch(url + path, { method: 'POST', body: body as string, headers: { 'content-type': type, ...headers } });
  return { ...made, log, url, post };
}

/** What the stream's fold would see of its log, and the keys of its records. */
async function seen(log: MemoryLog): Promise<Decoded & { keys: string[] }> {
  const records = await readAll(log);
  const all = records.map((record) => decodeAll(decoderFor(telemetry), record.value, record.appendMs));
  return {
    samples: all.flatMap((d) => d.samples),
    cumulatives: all.flatMap((d) => d.cumulatives ?? []),
    events: all.flatMap((d) => d.events),
    faults: all.flatMap((d) => d.faults),
    keys: records.map((record) => new TextDecoder().decode(record.key!)),
  };
}

const golden = (name: string) => readFileSync(`test/golden/otlp-${name}`);

const exporters: [string, (url: string) => PushMetricExporter][] = [
  ['protobuf', (url) => new ProtoMetricExporter({ url })],
  ['gzipped protobuf', (url) => new ProtoMetricExporter({ url, compression: 'gzip' as CompressionAlgorithm })],
  ['JSON', (url) => new JsonMetricExporter({ url })],
];

test.each(exporters)('the JavaScript SDK exports metrics as %s', async (_name, make) => {
  const { url, log, counters } = await serve();
  const exporter = make(`${url}/v1/metrics`);
  const results: unknown[] = [];
  const send = exporter.export.bind(exporter);
  exporter.export = (metrics, done) =>
    send(metrics, (result) => {
      results.push(result);
      done(result);
    });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1 << 30 });
  const provider = new MeterProvider({ resource, readers: [reader] });
  closers.unshift(() => provider.shutdown());
  const meter = provider.getMeter('test');
  meter.createCounter('orders').add(3, { kind: 'new' });
  meter.createGauge('load').record(0.5);
  meter.createHistogram('latency', { advice: { explicitBucketBoundaries: [10, 100] } }).record(42);
  await provider.forceFlush();
  expect(results).toEqual([{ code: 0 }]);
  const { samples, cumulatives, faults, keys } = await seen(log);
  expect(faults).toEqual([]);
  expect(new Set(keys)).toEqual(new Set(['checkout']));
  expect(samples.map((s) => [s.entity, s.values])).toEqual([['checkout', [['load', 0.5]]]]);
  expect(cumulatives!.map((c) => [c.metric, c.source, c.bounds, c.totals])).toEqual([
    ['orders{kind=new}', 'r1', null, [3]],
    ['latency', 'r1', [10, 100], [1, 42, 0, 1, 0]],
  ]);
  expect(counters).toEqual({ accepted: 3, refused: 0, turnedAway: 0 });
});

test('the JavaScript SDK exports log records', async () => {
  const { url, log } = await serve();
  const exporter = new OTLPLogExporter({ url: `${url}/v1/logs` });
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  provider.getLogger('test').emit({ severityText: 'ERROR', body: 'payment failed', timestamp: NOW_MS });
  await provider.shutdown();
  expect((await seen(log)).events).toEqual([
    { entity: 'checkout', timeMs: NOW_MS, level: 'error', body: 'payment failed' },
  ]);
});

test('what was sent twice counts once, since cumulative series go into the log as they are', async () => {
  const { post, log } = await serve();
  const body = golden('metrics-cumulative-2.bin');
  for (let i = 0; i < 2; i++) expect((await post('/v1/metrics', body, 'application/x-protobuf')).status).toBe(200);
  const { cumulatives } = await seen(log);
  expect(cumulatives!.slice(4)).toEqual(cumulatives!.slice(0, 4));
});

const point = (more: object) => ({ timeUnixNano: `${NOW_MS}000000`, ...more });
const requestOf = (...dataPoints: object[]) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }] },
      scopeMetrics: [{ metrics: [{ name: 'g', gauge: { dataPoints } }] }],
    },
  ],
});

test('points refused are told as a partial success, in the encoding of the request; the others are stored', async () => {
  const { post, log, counters } = await serve();
  const answer = await post(
    '/v1/metrics',
    JSON.stringify(requestOf(point({ asInt: '1' }), point({ asDouble: 'NaN' }))),
  );
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(await answer.json()).toEqual({
    partialSuccess: { rejectedDataPoints: '1', errorMessage: expect.stringContaining('value_not_finite') },
  });
  expect((await seen(log)).samples.map((s) => s.values)).toEqual([[['g', 1]]]);
  expect(counters).toEqual({ accepted: 1, refused: 1, turnedAway: 0 });
});

test('the SDK reads our partial success of Protobuf', async () => {
  const { post } = await serve();
  // Both requests after another are one request: the second has no owner.
  const nobody = golden('metrics-delta-1.bin').toString('latin1').replaceAll('service.name', 'service.nama');
  const body = Buffer.concat([
    golden('metrics-delta-1.bin'),
    Buffer.from(nobody.replaceAll('host.name', 'host.nama'), 'latin1'),
  ]);
  const answer = await post('/v1/metrics', body, 'application/x-protobuf');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-protobuf']);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const { partialSuccess } = ProtobufMetricsSerializer.deserializeResponse(bytes);
  expect(partialSuccess).toMatchObject({ errorMessage: expect.stringContaining('entity_missing') });
  expect(Number(partialSuccess!.rejectedDataPoints)).toBe(6);
  const whole = await post('/v1/metrics', golden('metrics-delta-1.bin'), 'application/x-protobuf');
  expect((await whole.arrayBuffer()).byteLength).toBe(0);
});

test('a request of which nothing can be used is 400, which exporters do not send again', async () => {
  const { post, log, counters } = await serve();
  const answer = await post('/v1/metrics', JSON.stringify(requestOf({ asInt: '1' })));
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { code: 3, message: expect.stringContaining('time_invalid') },
  ]);
  expect((await post('/v1/metrics', '{')).status).toBe(400);
  expect((await post('/v1/logs', Uint8Array.of(0x0a, 9), 'application/x-protobuf')).status).toBe(400);
  expect((await post('/v1/metrics', gzipSync('x').subarray(4), undefined, { 'content-encoding': 'gzip' })).status).toBe(
    400,
  );
  expect((await post('/v1/metrics', 'x', 'text/plain')).status).toBe(415);
  expect((await post('/v1/metrics?stream=lines', '{}')).status).toBe(400);
  expect((await post('/v1/metrics?stream=nope', '{}')).status).toBe(404);
  expect(log.end()).toBe(0);
  expect(counters).toEqual({ accepted: 0, refused: 0, turnedAway: 7 });
});

test('an empty request is taken', async () => {
  const { post } = await serve();
  expect(await (await post('/v1/metrics', '{}')).json()).toEqual({});
  expect((await post('/v1/logs', new Uint8Array(), 'application/x-protobuf')).status).toBe(200);
});

test('overload, a full disk and a failure are answers after which exporters send again', async () => {
  for (const [code, status] of [
    ['overloaded', 429],
    ['disk_full', 503],
    ['internal', 503],
  ] as const) {
    const { post, log } = await serve();
    log.append = async () => fail(code, 'x');
    const answer = await post('/v1/metrics', golden('metrics-delta-1.bin'), 'application/x-protobuf');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/x-protobuf']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    // Field 2 of google.rpc.Status, a text.
    expect(Buffer.from(await answer.arrayBuffer()).toString('latin1')).toContain(`\x12`);
  }
});

test('the token, the origin and the size are checked as for every receiver', async () => {
  const { post } = await serve({ token: 'a-token-of-enough-length', maxBodyBytes: 1000 });
  const status = async (body: string, headers: object) =>
    (await post('/v1/metrics', body, 'application/json', headers)).status;
  const authorization = 'Bearer a-token-of-enough-length';
  expect(await status('{}', {})).toBe(401);
  expect(await status('{}', { authorization })).toBe(200);
  expect(await status('{}', { authorization, origin: 'http://evil.example' })).toBe(403);
  expect(await status(' '.repeat(2000), { authorization })).toBe(413);
  expect(
    await status(gzipSync(' '.repeat(2000)) as unknown as string, { authorization, 'content-encoding': 'gzip' }),
  ).toBe(413);
});

test('one log record as large as a record may be is refused alone', async () => {
  const { post, log } = await serve();
  const logRecords = ['x'.repeat(1 << 20), 'short'].map((stringValue) => point({ body: { stringValue } }));
  const { resource: owner } = requestOf().resourceMetrics[0]!;
  const answer = await post(
    '/v1/logs',
    JSON.stringify({ resourceLogs: [{ resource: owner, scopeLogs: [{ logRecords }] }] }),
  );
  expect(await answer.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '1' } });
  expect((await seen(log)).events.map((e) => e.body)).toEqual(['short']);
});
