import type { StreamConfig } from '../../core/config/stream.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { fitKnots, KNOTS } from '../../detector/knots.ts';
import type { ScoredWindow, TrainingData } from '../controller/ports.ts';
import type { Calibration, Quarantine } from '../types.ts';
import { Discipline } from './discipline.ts';

/** A day of event time is always looked at, since most telemetry has one; more when a day has few windows, but at most a week. */
const DAY_MS = 86_400_000;
const MOST_DAYS = 7;
/** Windows from which on no further day is looked at, and those that are kept at most, evenly chosen. */
const ENOUGH_WINDOWS = 4096;
export const MOST_SCORES = 100_000;
/** Fewer scores say nothing of a rare tail. */
export const LEAST_SCORES = 512;

/**
 * New knots of the combined score from the newest scores of a model, so that the alert rate means again what it should.
 * Quarantined ranges and windows labelled anomalous are left out; alerts that nobody has confirmed are not, since without
 * them the tail would end where alerts begin. too_little_data below LEAST_SCORES.
 */
export async function recalibrate(
  data: TrainingData,
  config: StreamConfig,
  order: { modelId: string; version: number; toMs: number; quarantine: readonly Quarantine[] },
): Promise<Result<Calibration>> {
  const { toMs } = order;
  const fromMs = toMs - MOST_DAYS * DAY_MS;
  const labels = await data.labels(config.name, fromMs, toMs);
  const discipline = new Discipline(config, { quarantine: order.quarantine, incidents: [], labels, entities: 0 });
  const scored: ScoredWindow[] = [];
  for await (const window of data.scores(config.name, order.modelId, fromMs, toMs)) {
    if (!Number.isFinite(window.score) || window.windowStartMs + config.window.sizeMs > toMs) continue;
    if (discipline.objection(window.entity, window.windowStartMs) === null) scored.push(window);
  }
  const scores = newest(scored, toMs);
  if (scores.length < LEAST_SCORES)
    return fail('too_little_data', `${scores.length} scores of model ${order.modelId}, ${LEAST_SCORES} needed`);
  const combined = new Float64Array(KNOTS);
  fitKnots(scores, combined);
  return ok({
    modelId: order.modelId,
    version: order.version,
    alertRate: config.detector.alertRate,
    combined: [...combined],
    // those in force are the controller's, which keeps them
    dismissals: [],
  });
}

function newest(scored: readonly ScoredWindow[], toMs: number): Float64Array {
  let days = 1;
  const within = (window: ScoredWindow) => window.windowStartMs >= toMs - days * DAY_MS;
  while (days < MOST_DAYS && scored.filter(within).length < ENOUGH_WINDOWS) days++;
  const kept = scored.filter(within);
  const step = Math.max(1, kept.length / MOST_SCORES);
  return Float64Array.from({ length: Math.min(kept.length, MOST_SCORES) }, (_, i) => kept[Math.floor(i * step)]!.score);
}
