/** Decoding of records of five values against bare JSON.parse, one run, as JSON on standard output: `npx tsx bench/decode.ts`. */
import { influxLineDecoder } from '../ingest/decode/influx-line.ts';
import { tidewatchJsonDecoder } from '../ingest/decode/tidewatch-json.ts';
import type { DecodeSink } from '../ingest/ports.ts';

const RECORDS = 64;
const WARM_UP = 100_000;
const RUNS = 400_000;
const ROUNDS = 5;

const utf8 = (text: string): Buffer => Buffer.from(text);
const numbers = Array.from({ length: RECORDS }, (_, i) => i);
const json = numbers.map((i) =>
  utf8(
    `{"entity":"checkout-${i % 12}","time":${1_700_000_000_000 + i},"values":{"latency_ms":${i}.5,"requests":812,"errors":3,"cpu_percent":41.25,"memory_bytes":812345678}}`,
  ),
);
const lines = numbers.map((i) =>
  utf8(
    `cpu,host=web-${i % 12},cpu=cpu0 user=${i}.5,system=2.25,idle=90.1,iowait=0.1,requests=812i 1700000000000000000`,
  ),
);

let points = 0;
const sink: DecodeSink = {
  sample: ({ values }) => {
    points += values.length;
  },
  cumulative: () => undefined,
  event: () => undefined,
  fault: (fault) => {
    throw new Error(fault.detail);
  },
};
const decodeJson = tidewatchJsonDecoder();
const decodeLine = influxLineDecoder({ entityTags: ['host'] });

const contenders: Record<string, (i: number) => void> = {
  'JSON.parse of the text': (i) => void JSON.parse(json[i]!.toString('utf8')),
  'Tidewatch JSON': (i) => decodeJson(json[i]!, 0, sink),
  'Influx line protocol': (i) => decodeLine(lines[i]!, 0, sink),
};

/** Records a second; the best of the rounds, since everything else on a machine only slows it down. */
function measure(run: (i: number) => void): number {
  let best = 0;
  for (let i = 0; i < WARM_UP; i++) run(i % RECORDS);
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let i = 0; i < RUNS; i++) run(i % RECORDS);
    best = Math.max(best, (RUNS / (performance.now() - started)) * 1000);
  }
  return best;
}

const rates = Object.entries(contenders).map(([name, run]) => [name, Math.round(measure(run))] as const);
const bare = rates[0]![1];
const report = rates.map(([name, rate]) => ({
  name,
  recordsPerSecond: rate,
  timeAgainstParse: +(bare / rate).toFixed(2),
}));
process.stdout.write(`${JSON.stringify({ valuesPerRecord: 5, report, points }, null, 2)}\n`);
