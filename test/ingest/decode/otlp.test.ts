import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs/light.js';
import { describe, expect, test } from 'vitest';
import { MAX_BUCKETS } from '../../../ingest/decode/buckets.ts';
import { MAX_RECORD_BYTES } from '../../../ingest/decode/limits.ts';
import { otlpDecoder } from '../../../ingest/decode/otlp.ts';
import { codes, decodeAll } from './collect.ts';

const entityTags = ['service.name', 'host.name'];
const START_MS = Date.UTC(2026, 0, 5);
const decoders = {
  bin: otlpDecoder({ encoding: 'otlp_proto', entityTags }),
  json: otlpDecoder({ encoding: 'otlp_json', entityTags }),
};
const golden = (name: string, ending: 'bin' | 'json') =>
  decodeAll(decoders[ending], readFileSync(`test/golden/otlp-${name}.${ending}`));
const json = (request: unknown) => decodeAll(decoders.json, JSON.stringify(request));

// What test/golden/make.ts records, worked out by hand.
describe.each(['bin', 'json'] as const)('what the JavaScript SDK writes as .%s', (ending) => {
  test('deltas are taken as they are, quantiles by interpolation inside a bucket', () => {
    const { samples, cumulatives, faults } = golden('metrics-delta-2', ending);
    expect(faults).toEqual([]);
    expect(cumulatives).toBeUndefined();
    expect(samples).toHaveLength(1);
    expect(samples[0]).toMatchObject({ entity: 'checkout', timeMs: START_MS + 20_000 });
    const values = Object.fromEntries(samples[0]!.values);
    expect(Object.keys(values).sort()).toEqual([
      'connections.open',
      'cpu.load',
      'http.latency_count',
      'http.latency_p50',
      'http.latency_p90',
      'http.latency_p99',
      'http.latency_sum',
      'http.requests{method=GET,route=/a}',
      'http.requests{method=POST,route=/b}',
      'queue.wait_count',
      'queue.wait_sum',
    ]);
    expect(values).toMatchObject({
      'http.requests{method=GET,route=/a}': 25,
      'http.requests{method=POST,route=/b}': 1,
      'connections.open': -2,
      'cpu.load': 25 / 8,
      'queue.wait_count': 1,
      'queue.wait_sum': 25,
      'http.latency_count': 10,
      'http.latency_sum': 5 * 15 + 4 * 30 + 70,
    });
    // Five up to 20, four up to 50, one up to 100: the 5th of 10 ends its bucket, and so does the 9th.
    expect(values['http.latency_p50']).toBeCloseTo(20, 9);
    expect(values['http.latency_p90']).toBeCloseTo(50, 9);
    expect(values['http.latency_p99']).toBeCloseTo(50 + 0.9 * 50, 9);
  });

  test('cumulative monotonic sums and distributions are handed over with their start; the others are gauges', () => {
    const { samples, cumulatives, faults } = golden('metrics-cumulative-2', ending);
    expect(faults).toEqual([]);
    expect(samples.map(({ values }) => values)).toEqual([
      [
        ['connections.open', 3],
        ['cpu.load', 3.125],
      ],
    ]);
    const whose = { entity: 'checkout', source: 'checkout-7f9c|web-1', startMs: START_MS, timeMs: START_MS + 20_000 };
    expect(cumulatives).toHaveLength(4);
    expect(cumulatives).toEqual(
      expect.arrayContaining([
        { ...whose, metric: 'http.requests{method=GET,route=/a}', bounds: null, totals: [65] },
        { ...whose, metric: 'http.requests{method=POST,route=/b}', bounds: null, totals: [2] },
        { ...whose, metric: 'queue.wait', bounds: [], totals: [2, 65] },
        { ...whose, metric: 'http.latency', bounds: [10, 20, 50, 100], totals: [14, 330, 1, 7, 5, 1, 0] },
      ]),
    );
  });

  test('a level that nobody knows the word for is that of its number', () => {
    const record = (severityText: string, severityNumber: number) => ({
      timeUnixNano: '1767571200000000000',
      severityText,
      severityNumber,
      body: { stringValue: 'x' },
    });
    const logRecords = [record('audit', 17), record('audit', 0), record('Warning', 17), record('', 24), record('', 99)];
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }] };
    const levels: string[] = [];
    const text = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
    otlpDecoder({ encoding: 'otlp_json', entityTags: ['service.name'] })(new TextEncoder().encode(text), 0, {
      ...{ sample: () => undefined, cumulative: () => undefined, fault: (fault) => expect(fault).toBe(null) },
      event: ({ level }) => levels.push(level),
    });
    expect(levels).toEqual(['error', 'audit', 'warning', 'fatal', '']);
  });

  test('log records are events with the level of their text or number', () => {
    const { samples, events, faults } = golden('logs', ending);
    expect([samples, faults]).toEqual([[], []]);
    expect(events).toEqual([
      { entity: 'checkout', timeMs: START_MS, level: 'warn', body: 'queue is half full' },
      { entity: 'checkout', timeMs: START_MS + 1500, level: 'error', body: '{"order":17,"tags":["a","b"]}' },
      { entity: 'checkout', timeMs: START_MS, level: '', body: 'plain' },
    ]);
  });
});

const TIME = { timeUnixNano: `${START_MS}000000` };
const resource = { attributes: [{ key: 'host.name', value: { stringValue: 'web-1' } }] };
const of = (...metrics: unknown[]) => ({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
const gauge = (...dataPoints: unknown[]) => of({ name: 'g', gauge: { dataPoints } });
const cumulative = (kind: string, point: object) =>
  of({ name: 'm', [kind]: { aggregationTemporality: 2, dataPoints: [{ ...TIME, ...point }] } });

test('a point without a recorded value is a gap, not zero and not a fault', () => {
  const { samples, faults } = json(gauge({ ...TIME, flags: 1 }, { ...TIME, asDouble: 2, flags: 0 }));
  expect(faults).toEqual([]);
  expect(samples.map((s) => s.values)).toEqual([[['g', 2]]]);
});

test('64-bit integers are read as text and as numbers, beyond what 32 bits hold', () => {
  for (const asInt of ['9007199254740991', 9007199254740991])
    expect(json(gauge({ ...TIME, asInt })).samples[0]!.values).toEqual([['g', 9007199254740991]]);
  for (const asInt of ['-5', -5]) expect(json(gauge({ ...TIME, asInt })).samples[0]!.values).toEqual([['g', -5]]);
  const binary = (value: string) => decodeAll(decoders.bin, numberPoint(value));
  expect(binary('-5').samples[0]!.values).toEqual([['g', -5]]);
  expect(binary('9007199254740991').samples[0]!.values).toEqual([['g', 9007199254740991]]);
});

const nested = (field: number, bytes: Uint8Array) =>
  protobuf.Writer.create()
    .uint32((field << 3) | 2)
    .bytes(bytes)
    .finish();

/** A request of one gauge, written field by field and not by the schema that reads it. */
function numberPoint(asInt: string): Uint8Array {
  const both = (...parts: Uint8Array[]) => Buffer.concat(parts);
  const text = (field: number, value: string) => nested(field, Buffer.from(value));
  const point = protobuf.Writer.create();
  point.uint32((3 << 3) | 1).fixed64(`${START_MS}000000`);
  point.uint32((6 << 3) | 1).sfixed64(asInt);
  const metric = both(text(1, 'g'), nested(5, nested(1, point.finish())));
  const owner = nested(1, nested(1, both(text(1, 'host.name'), nested(2, text(1, 'web-1')))));
  return nested(1, both(owner, nested(2, nested(2, metric))));
}

test('of exponential histograms and summaries count and sum are kept, the latter always cumulative', () => {
  const exponential = json(cumulative('exponentialHistogram', { count: '3', sum: 6, scale: 0, zeroCount: '1' }));
  expect(exponential.cumulatives![0]).toMatchObject({ metric: 'm', bounds: [], totals: [3, 6] });
  const quantileValues = [{ quantile: 0.5, value: 1 }];
  const summary = json(of({ name: 'm', summary: { dataPoints: [{ ...TIME, count: 3, sum: 6, quantileValues }] } }));
  expect(summary.cumulatives![0]).toMatchObject({ metric: 'm', bounds: [], totals: [3, 6] });
  const zero = json(of({ name: 'm', summary: { dataPoints: [{ ...TIME, count: 3 }] } }));
  expect(zero.cumulatives![0]!.totals).toEqual([3, 0]);
});

test('a histogram without sum or buckets has a count; one with a bad shape is one fault', () => {
  expect(json(cumulative('histogram', { count: 3 })).cumulatives![0]!.totals).toEqual([3, Number.NaN]);
  const many = { bucketCounts: Array(MAX_BUCKETS + 1).fill(0), explicitBounds: [] };
  for (const bad of [
    { count: 1, bucketCounts: [1], explicitBounds: [1] },
    { count: 2, bucketCounts: [1, 1, 0], explicitBounds: [2, 1] },
    { count: -1 },
    { count: 'x' },
    { count: 1, bucketCounts: [1, 0], explicitBounds: ['NaN'] },
    { count: 1, bucketCounts: 7 },
    many,
  ])
    expect(codes(json(cumulative('histogram', bad)))).toEqual(['record_shape']);
});

test('each bad point is one fault and leaves its neighbours alone', () => {
  const good = { ...TIME, asDouble: 1 };
  const { samples, faults } = json(
    gauge(
      good,
      { ...TIME, asDouble: 'NaN' },
      { ...TIME },
      { asDouble: 1 },
      { ...TIME, asInt: 'x' },
      null,
      { ...good, attributes: [{ key: 'k'.repeat(300), value: { stringValue: 'v' } }] },
      { ...good, attributes: [{ key: 'k', value: { boolValue: true } }] },
    ),
  );
  expect(samples.flatMap((s) => s.values)).toEqual([
    ['g', 1],
    ['g{k=true}', 1],
  ]);
  expect(faults.map((f) => f.code)).toEqual([
    'value_not_finite',
    'value_not_number',
    'time_invalid',
    'value_not_number',
    'record_shape',
    'name_invalid',
  ]);
});

test('what has no owner, no kind or no temporality is named', () => {
  const nobody = {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'g', gauge: { dataPoints: [TIME, TIME] } }] }] }],
  };
  expect(codes(json(nobody))).toEqual(['entity_missing', 'entity_missing']);
  expect(codes(json(of({ name: 'm' })))).toEqual(['record_shape']);
  expect(codes(json(of({ name: 'm', sum: { dataPoints: [{ ...TIME, asInt: 1 }] } })))).toEqual(['record_shape']);
  expect(codes(json(of({ name: '__proto__', gauge: { dataPoints: [{ ...TIME, asInt: 1 }] } })))).toEqual([
    'key_forbidden',
  ]);
});

test('unknown fields are ignored, and a request may be empty of points', () => {
  expect(json({ ...gauge({ ...TIME, asInt: 1, other: {} }), later: [1] }).faults).toEqual([]);
  expect(json(of())).toEqual({ samples: [], events: [], faults: [] });
});

test('what is no request has a code of its own', () => {
  const text = (value: string) => codes(decodeAll(decoders.json, value));
  expect(text('')).toEqual(['record_empty']);
  expect(text('{')).toEqual(['record_not_json']);
  expect(text('[]')).toEqual(['record_shape']);
  expect(text('{"entity":"a"}')).toEqual(['record_shape']);
  expect(text('{"resourceMetrics":7}')).toEqual(['record_shape']);
  expect(text('{"resourceMetrics":[]}')).toEqual(['record_empty']);
  const bytes = (value: Uint8Array) => codes(decodeAll(decoders.bin, value));
  expect(bytes(new Uint8Array())).toEqual(['record_empty']);
  expect(bytes(new Uint8Array(MAX_RECORD_BYTES + 1))).toEqual(['record_too_large']);
  expect(bytes(readFileSync('test/golden/otlp-logs.bin').subarray(0, 100))).toEqual(['record_not_protobuf']);
  expect(bytes(Buffer.from('{"resourceMetrics":[]}'))).toEqual(['record_not_protobuf']);
  expect(bytes(Uint8Array.of(0x18, 1))).toEqual(['record_empty']);
});

test('a body that nests without end is a fault, in either encoding', () => {
  const depth = 5000;
  const body = `${'{"arrayValue":{"values":['.repeat(depth)}{"stringValue":"x"}${']}}'.repeat(depth)}`;
  const owner = JSON.stringify(resource);
  const request = `{"resourceLogs":[{"resource":${owner},"scopeLogs":[{"logRecords":[{"body":${body}}]}]}]}`;
  expect(codes(decodeAll(decoders.json, request))).toEqual(['record_too_deep']);
  let bytes: Uint8Array = Buffer.from([0x0a, 1, 0x78]);
  for (let i = 0; i < depth; i++) bytes = nested(5, nested(1, bytes));
  const logs = nested(1, nested(2, nested(2, nested(5, bytes))));
  expect(codes(decodeAll(decoders.bin, logs))).toEqual(['record_too_deep']);
});
