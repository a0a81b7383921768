import type { Sample } from './worker.ts';

/** How a contestant read the topic. CPU time is that of its process alone. */
export interface RunFigures {
  recordsPerS: number;
  pointsPerS: number;
  cpuNsPerPoint: number;
  rssBytes: number;
}

export interface WorkerFigures extends RunFigures {
  verdictsPerS: number;
  /** CPU time of PostgreSQL for each verdict. */
  postgresUsPerVerdict: number;
  /** CPU time a point of its second half, once the engine has compiled what is hot; whole windows. */
  settledNsPerPoint: number;
}

/** From the first sample that has folded `from` records to the last that has not folded all: whole periods, no ends. */
export function between(
  samples: readonly Sample[],
  from: number,
  to: number,
  metrics: number,
): Omit<WorkerFigures, 'rssBytes' | 'settledNsPerPoint'> {
  const first = samples.find(({ records }) => records > from);
  const last = samples.findLast(({ records }) => records < to) ?? first;
  if (first === undefined || last === undefined || last.records <= first.records)
    throw new Error(`too few samples between ${from} and ${to} records: it took too short`);
  const seconds = (last.atMs - first.atMs) / 1_000;
  const records = last.records - first.records;
  const points = records * metrics;
  const verdicts = last.verdicts - first.verdicts;
  return {
    recordsPerS: records / seconds,
    pointsPerS: points / seconds,
    cpuNsPerPoint: ((last.cpuMs - first.cpuMs) * 1e6) / points,
    verdictsPerS: verdicts / seconds,
    postgresUsPerVerdict: ((last.postgresMs - first.postgresMs) * 1e3) / verdicts,
  };
}

/** CPU time a point over whole windows: a window's cost comes all at once, where its records end. */
export function cpuPerPoint(samples: readonly Sample[], from: number, to: number, metrics: number): number {
  const at = (records: number): number => {
    const i = samples.findIndex((sample) => sample.records >= records);
    const [a, b] = [samples[i - 1], samples[i]];
    if (a === undefined || b === undefined) throw new Error(`no samples around ${records} records`);
    return a.cpuMs + ((b.cpuMs - a.cpuMs) * (records - a.records)) / (b.records - a.records);
  };
  return ((at(to) - at(from)) * 1e6) / ((to - from) * metrics);
}
