import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { CorruptBytes } from '../core/bytes.ts';
import { exp2, LN2, LN10, ln } from '../core/math.ts';
import { quantileSorted } from '../core/stats/quantile.ts';
import { decades, fitKnots, KNOTS } from './knots.ts';

const LOG2_10 = LN10 / LN2;
/** Weight of the forest against the tail sum in the combined score; from 1 to 3 the quality is flat. */
const FOREST_WEIGHT = 2;

/** Where a figure lies in its own distribution over held-out windows: its median, and the knots of the excess over it. */
interface Scale {
  median: number;
  knots: Float64Array;
}

/**
 * Split-conformal calibration (Vovk, Gammerman and Shafer 2005): how the forest's score, the tail sum and their
 * combination were distributed on windows that the forest never trained on. Down to p = 0.001 it is the empirical tail;
 * beyond it is extrapolated by the knots' growth.
 */
export interface Calibration {
  version: number;
  forest: Scale;
  tailSum: Scale;
  /** Knots of the combined score itself. */
  combined: Float64Array;
}

function scaleOf(figures: Float64Array): Scale {
  const sorted = figures.slice().sort();
  const median = sorted.length === 0 ? 0 : quantileSorted(sorted, 0.5);
  const knots = new Float64Array(KNOTS);
  fitKnots(
    sorted.map((x) => Math.max(x - median, 0)),
    knots,
  );
  return { median, knots };
}

/** scores and tailSums: of held-out windows, any order but the same; needs at least one. */
export function calibrate(scores: Float64Array, tailSums: Float64Array, version: number): Calibration {
  const calibration = {
    version,
    forest: scaleOf(scores),
    tailSum: scaleOf(tailSums),
    combined: new Float64Array(KNOTS),
  };
  fitKnots(
    scores.map((score, i) => combine(calibration, score, tailSums[i]!)),
    calibration.combined,
  );
  return calibration;
}

const place = (scale: Scale, x: number): number => decades(x - scale.median, scale.knots);

/** The combined score: decades of the forest's score and of the tail sum, averaged by weight. */
export const combine = (calibration: Calibration, score: number, tailSum: number): number =>
  (FOREST_WEIGHT * place(calibration.forest, score) + place(calibration.tailSum, tailSum)) / (FOREST_WEIGHT + 1);

/** Evidence of a combined score against normality in decades: −log10 of its tail probability. */
export const combinedDecades = (calibration: Calibration, combined: number): number =>
  decades(combined, calibration.combined);

/** Tail probability of so many decades, in (0, 1]. */
export const pValueOf = (evidence: number): number => Math.max(exp2(-evidence * LOG2_10), Number.MIN_VALUE);

/** Decades at which a stream with this alert rate calls a window anomalous. */
export const alertDecades = (alertRate: number): number => -ln(alertRate) / LN10;

export function saveCalibration(writer: ByteWriter, calibration: Calibration): void {
  writer.u32(calibration.version);
  for (const scale of [calibration.forest, calibration.tailSum]) {
    writer.f64(scale.median);
    writer.f64s(scale.knots);
  }
  writer.f64s(calibration.combined);
}

export function loadCalibration(reader: ByteReader): Calibration {
  const version = reader.u32('calibration version');
  const scale = (what: string): Scale => {
    const median = reader.f64(`${what} median`);
    if (!Number.isFinite(median)) throw new CorruptBytes(`${what} median is ${median}`, reader.at);
    return { median, knots: loadKnots(reader, what) };
  };
  return { version, forest: scale('forest'), tailSum: scale('tail sum'), combined: loadKnots(reader, 'combined') };
}

function loadKnots(reader: ByteReader, what: string): Float64Array {
  const knots = reader.f64s(`${what} knots`);
  if (knots.length !== KNOTS || !knots.every((x, k) => Number.isFinite(x) && (k === 0 || x >= knots[k - 1]!))) {
    throw new CorruptBytes(`${what} knots are not ${KNOTS} finite ascending numbers`, reader.at);
  }
  return knots;
}
