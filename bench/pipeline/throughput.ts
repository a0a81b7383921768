import { join } from 'node:path';
import { inProcess } from '../lib/child.ts';
import { median } from '../lib/section.ts';
import type { ReadFigures } from './ceiling-child.ts';
import { between, cpuPerPoint, type RunFigures, type WorkerFigures } from './figures.ts';
import { type Load, WINDOW_MS } from './load.ts';
import { type Peers, pythonRound } from './peers.ts';
import type { Site } from './site.ts';
import { Worker } from './worker.ts';

/** Medians over the rounds of what each contestant did, and of the ratios within each round. */
export interface Throughput {
  rounds: number;
  records: number;
  ceiling: RunFigures;
  ours: WorkerFigures;
  python: RunFigures | null;
  ofCeiling: number;
  ofPython: number | null;
  /** The same by CPU time of the process, which neighbours disturb less. */
  cpuOfCeiling: number;
  cpuOfPython: number | null;
}

/** Kafkajs alone, Tidewatch and Python in turn on one topic, each from its first record to its last. */
export async function throughput(
  site: Site,
  load: Load,
  artifact: Uint8Array,
  peers: Peers | null,
  rounds: number,
  say: (line: string) => void,
): Promise<Throughput> {
  const ceilings: RunFigures[] = [];
  const ours: WorkerFigures[] = [];
  const pythons: RunFigures[] = [];
  for (let round = 1; round <= rounds; round++) {
    ceilings.push(await ceiling(load));
    const mine = await workerRound(site, load, artifact, `round-${round}`);
    ours.push(mine);
    if (peers !== null) pythons.push(await pythonRound(peers, site, load));
    const python = peers === null ? '' : `, python ${k(pythons.at(-1)!.recordsPerS)}`;
    say(`round ${round}: kafkajs ${k(ceilings.at(-1)!.recordsPerS)}, ours ${k(mine.recordsPerS)}${python} records/s`);
  }
  const ratio = (others: readonly RunFigures[], of: (a: RunFigures, b: RunFigures) => number): number =>
    median(ours.map((mine, i) => of(mine, others[i]!)));
  const speed = (a: RunFigures, b: RunFigures) => a.recordsPerS / b.recordsPerS;
  const cpu = (a: RunFigures, b: RunFigures) => b.cpuNsPerPoint / a.cpuNsPerPoint;
  const withPython = pythons.length > 0;
  return {
    rounds,
    records: load.records,
    ceiling: medians(ceilings),
    ours: medians(ours),
    python: withPython ? medians(pythons) : null,
    ofCeiling: ratio(ceilings, speed),
    ofPython: withPython ? ratio(pythons, speed) : null,
    cpuOfCeiling: ratio(ceilings, cpu),
    cpuOfPython: withPython ? ratio(pythons, cpu) : null,
  };
}

const k = (perS: number): string => `${Math.round(perS / 1_000)} k`;

export function medians<T extends { [K in keyof T]: number }>(all: readonly T[]): T {
  const names = Object.keys(all[0]!) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name]))])) as T;
}

export async function ceiling(load: Load): Promise<RunFigures> {
  const read = await inProcess<ReadFigures>(join(import.meta.dirname, 'ceiling-child.ts'), [JSON.stringify(load)]);
  return runFigures(read);
}

export const runFigures = ({ records, points, wallS, cpuS, rssBytes }: ReadFigures): RunFigures => ({
  recordsPerS: records / wallS,
  pointsPerS: points / wallS,
  cpuNsPerPoint: (cpuS * 1e9) / points,
  rssBytes,
});

/** A new stream over the topic, read by a worker of its own from the first record to the last. */
export async function workerRound(
  site: Site,
  load: Load,
  artifact: Uint8Array,
  name: string,
  how: { before?: readonly string[]; nodeOptions?: readonly string[]; onStart?: (pid: number) => void } = {},
): Promise<WorkerFigures> {
  const stream = await site.stream(name, artifact);
  const worker = await Worker.start(site, { stream, topic: load.topic, group: name, ...how });
  try {
    const samples = await worker.samplesTo(load.records);
    const windowRecords = (load.entities * WINDOW_MS) / 1_000;
    const [from, to] = [0.4, 0.9].map((share) => Math.floor((share * load.records) / windowRecords) * windowRecords);
    const settledNsPerPoint = cpuPerPoint(samples, from!, to!, load.metrics);
    return { ...between(samples, 0, load.records, load.metrics), settledNsPerPoint, rssBytes: worker.rssBytes };
  } finally {
    await worker.stop();
    await site.forget(stream);
  }
}
