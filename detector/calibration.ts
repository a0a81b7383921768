import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { CorruptBytes } from '../core/bytes.ts';
import { exp2, LN2, LN10, ln } from '../core/math.ts';
import { decades, fitKnots, KNOTS, quantileSorted } from './knots.ts';

const LOG2_10 = LN10 / LN2;

/**
 * Split-conformal calibration (Vovk, Gammerman and Shafer 2005) of a score: how its excess over the training median was
 * distributed on windows that the forest never trained on. Down to p = 0.001 it is the empirical tail; beyond it is
 * extrapolated by the knots' growth and says so only by being small.
 */
export interface Calibration {
  version: number;
  median: number;
  knots: Float64Array;
}

/** scores: of held-out windows, any order; needs at least one. */
export function calibrate(scores: Float64Array, version: number): Calibration {
  const sorted = scores.slice().sort();
  const median = quantileSorted(sorted, 0.5);
  const knots = new Float64Array(KNOTS);
  fitKnots(
    sorted.map((score) => Math.max(score - median, 0)),
    knots,
  );
  return { version, median, knots };
}

/** Evidence of a score against normality in decades: −log10 of its tail probability, 0 for the lower half. */
export const scoreDecades = (calibration: Calibration, score: number): number =>
  decades(score - calibration.median, calibration.knots);

/** Tail probability of so many decades, in (0, 1]. */
export const pValueOf = (evidence: number): number => Math.max(exp2(-evidence * LOG2_10), Number.MIN_VALUE);

/** Decades at which a stream with this alert rate calls a window anomalous. */
export const alertDecades = (alertRate: number): number => -ln(alertRate) / LN10;

export function saveCalibration(writer: ByteWriter, calibration: Calibration): void {
  writer.u32(calibration.version);
  writer.f64(calibration.median);
  writer.f64s(calibration.knots);
}

export function loadCalibration(reader: ByteReader): Calibration {
  const version = reader.u32('calibration version');
  const median = reader.f64('calibration median');
  const knots = reader.f64s('calibration knots');
  if (!Number.isFinite(median)) throw new CorruptBytes(`calibration median is ${median}`, reader.at);
  if (knots.length !== KNOTS || !knots.every((x, k) => Number.isFinite(x) && (k === 0 || x >= knots[k - 1]!))) {
    throw new CorruptBytes('calibration knots are not finite and ascending', reader.at);
  }
  return { version, median, knots };
}
