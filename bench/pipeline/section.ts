import { type BenchRow, type BenchSection, within } from '../lib/section.ts';
import type { RunFigures } from './figures.ts';
import type { FootprintFigures, GrowthFigures } from './growth.ts';
import type { LatencyFigures } from './latency.ts';
import type { RestartFigures } from './restart.ts';
import type { Throughput } from './throughput.ts';

const MIB = 1 << 20;
/** What a worker may take of what kafkajs and JSON.parse alone reach, and how far it is ahead of Python. */
const OF_CEILING = 0.75;
const OF_PYTHON = 2;
const OF_QUIX = 50;
const LATENCY_MS = 50;
const RSS_MIB = 256;
const GROWTH = 1.25;
const SIGTERM_S = 5;
/** The session timeout of 15 s, and five. */
const SIGKILL_S = 20;

/** What was measured; null or absent where it was not, and a text where it could not be. */
export interface PipelineFigures {
  throughput: Throughput;
  /** Records a second of Quix Streams; why not, in words. */
  quix: number | string | null;
  latency: LatencyFigures | null;
  growth: readonly GrowthFigures[];
  footprint: FootprintFigures | null;
  restarts: RestartFigures | null;
  limited: { how: string; figures: RunFigures } | null;
  /** Why the Python pipelines are not there, or what they are made of. */
  peers: string;
  /** Parts that failed, and why. */
  failures: readonly string[];
  settings: Readonly<Record<string, string>>;
  kafkaVersion: string;
  machine: string;
}

export function pipelineSection(f: PipelineFigures): BenchSection {
  const { throughput: t, latency, footprint, restarts, limited } = f;
  return {
    name: 'Pipeline',
    rows: [
      faster('kafkajs + JSON.parse alone', t.ours.recordsPerS, t.ceiling.recordsPerS, t.ofCeiling, OF_CEILING),
      told('the same, CPU a point', 'ns', t.ours.cpuNsPerPoint, t.ceiling.cpuNsPerPoint, t.cpuOfCeiling),
      ...(t.python === null || t.ofPython === null || t.cpuOfPython === null
        ? []
        : [
            faster('python_pipeline.py', t.ours.recordsPerS, t.python.recordsPerS, t.ofPython, OF_PYTHON),
            told('the same, CPU a point', 'ns', t.ours.cpuNsPerPoint, t.python.cpuNsPerPoint, t.cpuOfPython),
          ]),
      ...(typeof f.quix === 'number'
        ? [faster('quix_pipeline.py', t.ours.recordsPerS, f.quix, t.ours.recordsPerS / f.quix, OF_QUIX)]
        : []),
      told('points', 'points/s', t.ours.pointsPerS),
      told('verdicts', 'verdicts/s', t.ours.verdictsPerS),
      told('PostgreSQL, CPU a verdict', 'µs', t.ours.postgresUsPerVerdict),
      told('RSS at most, at full speed', 'MiB', t.ours.rssBytes / MIB, t.ceiling.rssBytes / MIB),
      ...(limited === null
        ? []
        : [told('limited to 1 CPU and 512 MB', 'records/s', limited.figures.recordsPerS, t.ours.recordsPerS)]),
      ...(latency === null ? [] : latencyRows(latency)),
      ...growthRows(t.ours.settledNsPerPoint, f.growth),
      ...(footprint === null
        ? []
        : [
            within('10,000 × 10 at its own pace: RSS at most', 'MiB', footprint.rssBytes / MIB, RSS_MIB),
            told('the same, catching up at full speed', 'MiB', footprint.catchUpRssBytes / MIB),
          ]),
      ...(restarts === null
        ? []
        : [
            within('SIGTERM to the first verdict of the next worker', 's', restarts.sigtermS, SIGTERM_S),
            within('kill -9 to the first verdict of the next worker', 's', restarts.sigkillS, SIGKILL_S),
            told('a worker without traffic, share of a core', '%', restarts.idlePercent),
          ]),
    ],
    notes: notes(f),
  };
}

/** A row in which more is better. */
function faster(reference: string, ours: number, theirs: number, ratio: number, atLeast: number): BenchRow {
  const what = `Kafka to durable verdict, against ${reference}`;
  const goal = `≥ ${atLeast} × as fast`;
  return { what, ours, reference: theirs, ratio, unit: 'records/s', goal, met: ratio >= atLeast };
}

const told = (
  what: string,
  unit: string,
  ours: number,
  reference: number | null = null,
  ratio: number | null = null,
): BenchRow => ({ what, ours, reference, ratio, unit, goal: '', met: null });

function latencyRows(l: LatencyFigures): BenchRow[] {
  const at = `at ${Math.round(l.ratePerS / 1_000)} k records/s, half of the most`;
  return [
    told(`scheduled send of the record that closes the window to its verdict being visible, ${at}, p50`, 'ms', l.p50Ms),
    within('the same, p99', 'ms', l.p99Ms, LATENCY_MS),
    told('the same, p99.9', 'ms', l.p999Ms),
    told("from its append to the database's answer, by the worker's metric, p50", 'ms', l.workerP50Ms),
    within('the same, p99', 'ms', l.workerP99Ms, LATENCY_MS),
  ];
}

const growthRows = (settledNs: number, growth: readonly GrowthFigures[]): BenchRow[] => [
  told('1,000 entities, CPU a point, once warm', 'ns', settledNs),
  ...growth.map((g) => ({
    ...within(`${g.entities.toLocaleString('en')} entities, the same`, 'ns', g.cpuNsPerPoint, GROWTH * settledNs),
    reference: settledNs,
    ratio: settledNs / g.cpuNsPerPoint,
    goal: `≤ ${GROWTH} × that at 1,000`,
  })),
];

function notes(f: PipelineFigures): string[] {
  const { throughput: t, latency: l, limited, footprint, growth, restarts } = f;
  const settings = Object.entries(f.settings).map(([name, value]) => `${name} ${value}`);
  const out = [
    `Measured on ${f.machine}. Kafka ${f.kafkaVersion}, kafkajs 2.2.4; PostgreSQL with ${settings.join(', ')}. Broker, database, contestants and sender share the machine.`,
    `One topic of ${t.records.toLocaleString('en')} uncompressed records of 5 values from 1,000 entities, 1 s apart, 4 partitions. Each contestant reads it from its start, ${t.rounds} times in turn; medians, ratios within a round. Tidewatch is \`tidewatch worker\` with its default configuration, forest in force from the first record, verdicts and checkpoints durable; rates from its first record to its last, compiling included.`,
    `CPU time is that of the process with its garbage collection. RSS at most: kafkajs alone ${mib(t.ceiling.rssBytes)}, Tidewatch ${mib(t.ours.rssBytes)}${t.python === null ? '' : `, python_pipeline.py ${mib(t.python.rssBytes)}`}.`,
    f.peers,
    ...f.failures,
  ];
  if (typeof f.quix === 'string') out.push(`Quix Streams is absent: ${f.quix}.`);
  if (limited !== null) out.push(`Limits: ${limited.how}. RSS at most ${mib(limited.figures.rssBytes)}.`);
  if (l !== null)
    out.push(
      `Latency: open loop, every record counted from when it was due; ${l.boundaries} batches of verdicts, ${l.verdicts} verdicts; at most ${l.maxMs.toFixed(0)} ms; the sender was up to ${l.senderLateMs.toFixed(0)} ms late itself. Visible: read by another client that looks every 5 ms. The metric is as fine as its buckets.`,
    );
  for (const g of growth)
    out.push(`${g.entities.toLocaleString('en')} entities: RSS at most ${mib(g.peakRssBytes)}, at full speed.`);
  if (growth.some(({ entities }) => entities > 10_000))
    out.push('Beyond 10,000 entities the model holds the first 10,000; the others learn their own level first.');
  if (footprint !== null)
    out.push(
      `10,000 × 10: 10,000 records of 10 values a second; the artifact has ${(footprint.artifactBytes / 1e6).toFixed(1)} MB.`,
    );
  if (restarts !== null)
    out.push(
      `Restarts under 20,000 records/s: the next worker is started when the one before has ended (exit code ${restarts.exitCode} after SIGTERM); the session timeout is 15 s.`,
    );
  return out;
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
