/** Decoding of one OTLP request of eleven measurements, as JSON on standard output: `npx tsx bench/otlp.ts`. */
import { readFileSync } from 'node:fs';
import { otlpDecoder } from '../ingest/decode/otlp.ts';
import type { DecodeSink } from '../ingest/ports.ts';

const ROUNDS = 5;
const RUNS = 20_000;
const entityTags = ['service.name'];
const binary = readFileSync('test/golden/otlp-metrics-delta-2.bin');
const text = readFileSync('test/golden/otlp-metrics-delta-2.json');
const proto = otlpDecoder({ encoding: 'otlp_proto', entityTags });
const json = otlpDecoder({ encoding: 'otlp_json', entityTags });

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

/** Requests a second; the best of the rounds, since everything else on a machine only slows it down. */
function measure(run: () => void): number {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let i = 0; i < RUNS; i++) run();
    best = Math.max(best, (RUNS / (performance.now() - started)) * 1000);
  }
  return Math.round(best);
}

const requestsPerSecond = {
  'JSON.parse of the text': measure(() => void JSON.parse(text.toString('utf8'))),
  'OTLP JSON': measure(() => json(text, 0, sink)),
  'OTLP Protobuf': measure(() => proto(binary, 0, sink)),
};
process.stdout.write(`${JSON.stringify({ requestsPerSecond, points }, null, 2)}\n`);
