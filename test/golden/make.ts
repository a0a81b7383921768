/**
 * Golden payloads of OTLP, made by OpenTelemetry's own SDK and serializers: `npx tsx test/golden/make.ts` writes them
 * anew, byte for byte the same while the SDK's version is. otlp.test.ts says what must be read from them.
 */
import { writeFileSync } from 'node:fs';
import { SeverityNumber } from '@opentelemetry/api-logs';
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

/** 2026-01-05T00:00:00Z. */
const START_MS = 1_767_571_200_000;
const STEP_MS = 10_000;
const resource = resourceFromAttributes({
  'service.name': 'checkout',
  'service.instance.id': 'checkout-7f9c',
  'host.name': 'web-1',
});

let nowMs = START_MS;
Date.now = () => nowMs;

/** Two collections, ten seconds apart, of one instrument of each kind. */
async function metrics(temporality: AggregationTemporality): Promise<ResourceMetrics[]> {
  nowMs = START_MS;
  const exporter = new InMemoryMetricExporter(temporality);
  const provider = new MeterProvider({
    resource,
    views: [{ instrumentName: 'queue.wait', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1 << 30 })],
  });
  const meter = provider.getMeter('golden', '1.0.0');
  const requests = meter.createCounter('http.requests');
  const open = meter.createUpDownCounter('connections.open');
  const load = meter.createGauge('cpu.load');
  const wait = meter.createHistogram('queue.wait');
  const latency = meter.createHistogram('http.latency', { advice: { explicitBucketBoundaries: [10, 20, 50, 100] } });
  const step = async (count: number, observed: readonly number[]) => {
    requests.add(count, { method: 'GET', route: '/a' });
    requests.add(1, { route: '/b', method: 'POST' });
    open.add(count % 2 === 0 ? 5 : -2);
    load.record(count / 8);
    wait.record(count);
    for (const ms of observed) latency.record(ms);
    nowMs += STEP_MS;
    await provider.forceFlush();
  };
  await step(40, [5, 15, 15, 30]);
  await step(25, [15, 15, 15, 15, 15, 30, 30, 30, 30, 70]);
  // Shutting down collects once more, with nothing new.
  const out = exporter.getMetrics().slice(0, 2);
  await provider.shutdown();
  return out;
}

async function logs() {
  nowMs = START_MS;
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('golden');
  logger.emit({ severityNumber: SeverityNumber.WARN, severityText: 'WARN', body: 'queue is half full' });
  logger.emit({
    severityNumber: SeverityNumber.ERROR2,
    body: { order: 17, tags: ['a', 'b'] },
    timestamp: START_MS + 1500,
  });
  logger.emit({ body: 'plain' });
  await provider.forceFlush();
  return [...exporter.getFinishedLogRecords()];
}

const put = (name: string, bytes: Uint8Array | undefined) => {
  if (bytes === undefined) throw new Error(`${name} was not serialized`);
  writeFileSync(new URL(name, import.meta.url), bytes);
};

for (const [word, temporality] of [
  ['cumulative', AggregationTemporality.CUMULATIVE],
  ['delta', AggregationTemporality.DELTA],
] as const) {
  for (const [i, request] of (await metrics(temporality)).entries()) {
    put(`otlp-metrics-${word}-${i + 1}.bin`, ProtobufMetricsSerializer.serializeRequest(request));
    put(`otlp-metrics-${word}-${i + 1}.json`, JsonMetricsSerializer.serializeRequest(request));
  }
}
const records = await logs();
put('otlp-logs.bin', ProtobufLogsSerializer.serializeRequest(records));
put('otlp-logs.json', JsonLogsSerializer.serializeRequest(records));
