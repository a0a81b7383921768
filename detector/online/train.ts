import type { StreamConfig } from '../../core/config/stream.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { calibrate, combine } from '../calibration.ts';
import { EVIDENCE } from '../evidence.ts';
import { FallbackScorer, PROBATION_ROWS } from '../fallback.ts';
import { fitReference } from '../fit-reference.ts';
import { Forest } from '../forest/forest.ts';
import { paramsOf, type StreamModel } from '../model.ts';
import { CONTEXT } from '../profile.ts';
import type { FormerLimits } from '../reference.ts';
import { scaleOf } from '../scales.ts';
import { goldenOf, type TimedSeries, type TrainingSummary } from '../train.ts';
import { SYNTHETIC_KINDS, SYNTHETIC_ROWS, SYNTHETIC_SPACING_MS, synthetic } from './synthetic.ts';

/** Rows of a stream that are replayed at most: whole entities, evenly chosen. A forest draws from far fewer. */
const OWN_ROWS = 100_000;
/** Synthetic entities of each kind. */
const COPIES = 6;
/** Metrics of a synthetic entity at most: more change its largest tails little and cost as much as any. */
const MOST_METRICS = 16;

/**
 * Trains the forest of a stream that began without history, over the tails that its entities have learned about
 * themselves. Half of what it sees are synthetic entities with as many metrics as the stream's. Deterministic.
 */
export function trainOnline(
  series: ReadonlyMap<string, TimedSeries>,
  config: StreamConfig,
  configHash: string,
  former: FormerLimits | null = null,
): Result<{ model: StreamModel; summary: TrainingSummary }> {
  const leftOut: string[] = [];
  const usable: TimedSeries[] = [];
  let rows = 0;
  for (const [entity, one] of series) {
    if (one.rows >= config.training.minWindows) {
      usable.push(one);
      rows += one.rows;
    } else leftOut.push(`${entity}: ${one.rows} windows, ${config.training.minWindows} needed`);
  }
  if (usable.length === 0)
    return fail('too_little_data', leftOut.length === 0 ? 'no windows at all' : leftOut.slice(0, 3).join('; '));
  const own = new Pool();
  const every = Math.ceil(rows / OWN_ROWS);
  for (let e = 0; e < usable.length; e += every) own.replay(usable[e]!, config.window.hopMs);
  if (own.length === 0) return fail('too_little_data', 'no row has a value');
  const { trees, sampleSize, maxDepth, splitFeatures, seed } = config.detector;
  const random = new Random(seed);
  const metrics = usable.map(metricsOf).sort((a, b) => a - b)[usable.length >> 1]!;
  const other = syntheticPool(Math.min(metrics, MOST_METRICS), random.fork('synthetic'));
  other.take(own.length, own);
  const pool = own.rows();
  const forest = Forest.fit(pool, EVIDENCE, { trees, sampleSize, maxDepth, splitFeatures }, random.fork('forest'));
  const scores = Float64Array.from(own.sums, (_, i) => forest.score(pool, i * EVIDENCE));
  const sums = Float64Array.from(own.sums);
  const calibration = calibrate(scores, sums, 1);
  return ok({
    model: {
      evidence: 'online',
      schemaVersion: config.schemaVersion,
      configHash,
      detector: paramsOf(config.detector),
      forest,
      calibration,
      entities: new Map(),
      peers: new Map(),
      golden: goldenOf(forest, pool),
      reference: fitReference({
        series: new Map([...series].filter(([, one]) => usable.includes(one))),
        scalesOf: (entity, names) => ownScales(series.get(entity)!, names),
        scores: scores.map((score, i) => combine(calibration, score, sums[i]!)),
        weights: new Map(),
        keepScales: true,
        former,
        config,
      }),
    },
    summary: {
      entities: usable.length,
      rows,
      forestRows: own.length,
      calibrationRows: scores.length,
      cross: false,
      leftOut,
    },
  });
}

/** Median and scale of an entity's features, in the order of names. */
function ownScales({ features, values, rows }: TimedSeries, names: readonly string[]): Float32Array {
  const scales = new Float32Array(2 * names.length);
  names.forEach((name, f) => {
    const c = features.indexOf(name);
    const column = c < 0 ? [] : Float64Array.from({ length: rows }, (_, i) => values[i * features.length + c]!);
    scales.set(scaleOf(column), 2 * f);
  });
  return scales;
}

function metricsOf(series: TimedSeries): number {
  let n = 0;
  for (const trait of series.traits) if ((trait & CONTEXT) === 0) n++;
  return n;
}

/** Entities whose metrics are of several kinds each, one kind after the other. */
function syntheticPool(metrics: number, random: Random): Pool {
  const pool = new Pool();
  const startsMs = Float64Array.from({ length: SYNTHETIC_ROWS }, (_, t) => t * SYNTHETIC_SPACING_MS);
  for (let e = 0; e < SYNTHETIC_KINDS * COPIES; e++) {
    const values = new Float64Array(SYNTHETIC_ROWS * metrics);
    for (let c = 0; c < metrics; c++) {
      const one = synthetic((e + c) % SYNTHETIC_KINDS, random);
      for (let t = 0; t < SYNTHETIC_ROWS; t++) values[t * metrics + c] = one[t]!;
    }
    pool.replay({ traits: new Uint8Array(metrics), rows: SYNTHETIC_ROWS, values, startsMs }, SYNTHETIC_SPACING_MS);
  }
  return pool;
}

/** Evidence rows, and the sum of tails of each. */
class Pool {
  readonly sums: number[] = [];
  readonly #evidence: number[] = [];
  readonly #row = new Float64Array(EVIDENCE);

  get length(): number {
    return this.sums.length;
  }

  /** Runs an entity through the very code that serves. */
  replay(series: Pick<TimedSeries, 'traits' | 'rows' | 'values' | 'startsMs'>, hopMs: number): void {
    const context = Array.from(series.traits, (trait) => (trait & CONTEXT) !== 0);
    const n = context.length;
    const scorer = new FallbackScorer(context);
    for (let i = 0; i < series.rows; i++) {
      const values = series.values.subarray(i * n, (i + 1) * n);
      const sum = scorer.gather(values, series.startsMs[i]!, hopMs, this.#row, null);
      if (scorer.rows > PROBATION_ROWS && !Number.isNaN(sum)) this.#add(sum, this.#row, 0);
    }
  }

  /** Puts so many rows, evenly spaced, into another pool; all when there are fewer. */
  take(wanted: number, into: Pool): void {
    const count = Math.min(wanted, this.length);
    const evidence = this.rows();
    for (let k = 0; k < count; k++) {
      const i = Math.floor((k * this.length) / count);
      into.#add(this.sums[i]!, evidence, i * EVIDENCE);
    }
  }

  rows(): Float64Array {
    return Float64Array.from(this.#evidence);
  }

  #add(sum: number, from: Float64Array, at: number): void {
    this.sums.push(sum);
    for (let k = 0; k < EVIDENCE; k++) this.#evidence.push(from[at + k]!);
  }
}
