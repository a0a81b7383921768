import { type StreamConfig, streamConfig } from '../../core/config/stream.ts';
import { fitReference } from '../../detector/fit-reference.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import { scaleOf } from '../../detector/scales.ts';
import type { TimedSeries } from '../../detector/train.ts';
import { entitiesOf, type Pack, PERIOD_MS, readTrained, START_MS } from '../../scenarios/quality/pack.ts';

export const SETS = ['smd', 'asd', 'js2'] as const;
export type DriftSet = (typeof SETS)[number];
/** Share of a train file that limits are set on; what follows they never saw. */
const EARLIER = 0.6;

/** One entity as a stream of its own: its earlier rows are its training, its later ones are served. */
export interface Recorded {
  set: DriftSet;
  name: string;
  config: StreamConfig;
  features: string[];
  earlier: TimedSeries;
  /** Row-major values of the later rows, and how many rows an interval has. */
  later: Float64Array;
  laterRows: number;
  rowsPerInterval: number;
  /** Intervals of the later rows that hold an anomalous row, which are not asked about. */
  anomalous: ReadonlySet<number>;
}

/**
 * train: the train files alone, each cut at an interval's edge. test: limits from the whole train file, served the test file
 * that follows it.
 */
export type Part = 'train' | 'test';

export async function* recorded(pack: Pack, sets: readonly DriftSet[], part: Part): AsyncGenerator<Recorded> {
  for (const set of sets) {
    const periodMs = PERIOD_MS[set];
    const config = streamConfig.parse({ name: 'recorded', window: { size: `${periodMs / 1000}s` } });
    const rowsPerInterval = config.profile.intervalMs / periodMs;
    for (const file of entitiesOf(pack, set)) {
      const { train, test, labels } = await readTrained(pack, file);
      const n = train.columns;
      const cut = part === 'test' ? train.rows : Math.ceil((train.rows * EARLIER) / rowsPerInterval) * rowsPerInterval;
      const features = Array.from({ length: n }, (_, c) => `c${String(c).padStart(2, '0')}__mean`);
      const earlier: TimedSeries = {
        features,
        metrics: features.map((name) => name.slice(0, 3)),
        traits: new Uint8Array(n),
        rows: cut,
        values: train.values.slice(0, cut * n),
        startsMs: Float64Array.from({ length: cut }, (_, i) => START_MS + i * periodMs),
      };
      const later = part === 'test' ? test.values : train.values.slice(cut * n);
      const laterRows = later.length / n;
      const anomalous = new Set<number>();
      if (part === 'test')
        for (const [i, label] of labels.entries()) if (label === 1) anomalous.add(Math.floor(i / rowsPerInterval));
      yield { set, name: file.path, config, features, earlier, later, laterRows, rowsPerInterval, anomalous };
    }
  }
}

/** The reference that a training on the earlier rows would give, without its forest: drift asks for none. */
export function referenceOf({ earlier, config }: Recorded): ReferenceProfile {
  const { features, values, rows } = earlier;
  const scales = new Float32Array(2 * features.length);
  features.forEach((_, c) => {
    const column = Float64Array.from({ length: rows }, (_v, i) => values[i * features.length + c]!);
    scales.set(scaleOf(column), 2 * c);
  });
  return fitReference({
    series: new Map([['recorded', earlier]]),
    scalesOf: () => scales,
    scores: new Float64Array(0),
    weights: new Map(),
    keepScales: true,
    former: null,
    config,
  });
}

/** Standard deviation of each feature over the earlier rows: the unit of what is injected. */
export function deviationsOf({ earlier: { features, values, rows } }: Recorded): Float64Array {
  return Float64Array.from(features, (_, c) => {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < rows; i++) {
      const x = values[i * features.length + c]!;
      sum += x;
      squares += x * x;
    }
    return Math.sqrt(Math.max(0, squares / rows - (sum / rows) ** 2));
  });
}
