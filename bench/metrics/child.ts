/** `child.ts STREAMS PARTITIONS ENTITIES READINGS`: what a scrape of a worker costs. Prints ScrapeFigures as JSON. */
import { Agent, get } from 'node:http';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { Gauge, Registry } from 'prom-client';
import { openServer } from '../../cli/http-server.ts';
import { metricsRoute } from '../../cli/metrics/route.ts';
import { median } from '../lib/section.ts';
import { FleetWorker } from './fleet-worker.ts';

export interface ScrapeFigures {
  entities: number;
  records: number;
  series: number;
  metrics: number;
  bytes: number;
  /** What gzip would make of it. */
  gzipBytes: number;
  /** '' where it is sent as it is to who would take gzip. */
  contentEncoding: string;
  text: Spread;
  /** CPU time of one text, mean; with what else the machine does it hardly changes. */
  textCpuMs: number;
  plain: Spread;
  plainBytes: number;
  http: Spread;
}

export interface Spread {
  medianMs: number;
  p99Ms: number;
  maxMs: number;
}

/** Before anything is measured: so many readings until the code is compiled. */
const WARM_UP = 50;
const [streams, partitions, entities, readings] = process.argv.slice(2).map(Number) as [number, number, number, number];

function spread(ms: readonly number[]): Spread {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
  return { medianMs: median(ms), p99Ms: at(0.99), maxMs: sorted.at(-1)! };
}

/** As many series of gauges, with two labels each, by prom-client alone. */
function plainSeries(series: number, metrics: number): Registry {
  const registry = new Registry();
  const gauges = Array.from(
    { length: metrics },
    (_, i) => new Gauge({ name: `plain_${i}`, help: 'A plain gauge.', labelNames: ['a', 'b'], registers: [registry] }),
  );
  for (let i = 0; i < series; i++) gauges[i % metrics]!.set({ a: 'a-stream-of-a-fleet', b: i }, 1.7e9 + i / 7);
  return registry;
}

async function timed(work: () => Promise<unknown>, into: number[]): Promise<void> {
  const startMs = performance.now();
  await work();
  into.push(performance.now() - startMs);
}

const worker = new FleetWorker(streams);
await worker.hold(partitions, entities);
const text = await worker.metrics.text();
const lines = text.split('\n').filter((line) => line !== '');
const series = lines.filter((line) => !line.startsWith('#')).length;
const metrics = lines.filter((line) => line.startsWith('# TYPE')).length;
const plain = plainSeries(series, metrics);

const server = await openServer(
  { host: '127.0.0.1', port: 0, token: undefined, maxBodyBytes: 1_000_000 },
  pino({ level: 'silent' }),
  [metricsRoute(worker.metrics)],
);
const agent = new Agent({ keepAlive: true });
let contentEncoding = '';
/** As Prometheus asks: over a connection that stays, with gzip welcome. */
const scrape = (): Promise<number> =>
  new Promise((resolve, reject) => {
    get(`${server.url}/metrics`, { agent, headers: { 'accept-encoding': 'gzip' } }, (response) => {
      contentEncoding = response.headers['content-encoding'] ?? '';
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes));
    }).on('error', reject);
  });

const ms = { text: [] as number[], plain: [] as number[], http: [] as number[] };
let cpuMs = 0;
for (let i = 0; i < WARM_UP + readings; i++) {
  const keep = i >= WARM_UP;
  // taking turns: what else the machine does meets all alike
  const cpu = process.cpuUsage();
  await timed(() => worker.metrics.text(), keep ? ms.text : []);
  const { user, system } = process.cpuUsage(cpu);
  if (keep) cpuMs += (user + system) / 1_000;
  await timed(() => plain.metrics(), keep ? ms.plain : []);
  await timed(scrape, keep ? ms.http : []);
}
agent.destroy();
await server.close();

const figures: ScrapeFigures = {
  entities: worker.entities,
  records: worker.records,
  series,
  metrics,
  bytes: Buffer.byteLength(text),
  gzipBytes: gzipSync(text).length,
  contentEncoding,
  text: spread(ms.text),
  textCpuMs: cpuMs / readings,
  plain: spread(ms.plain),
  plainBytes: Buffer.byteLength(await plain.metrics()),
  http: spread(ms.http),
};
console.log(JSON.stringify(figures));
process.exit(0);
