import { SPANS } from '../../core/triggers.ts';
import type { IntervalCounts, LaneCounts } from '../../detector/interval-counts.ts';
import { classifyShift } from '../cause/classify.ts';
import type { Cause, FeatureFigures, Figure, Figures, LaneFigures, Observation } from '../observation.ts';
import { calibrationFigures } from './calibration.ts';
import type { ObserveInput } from './input.ts';
import { labelFigures } from './labels.ts';
import { qualityFigure, qualityOf } from './quality.ts';
import { rateFigures } from './rates.ts';
import { featureShifts, NO_SCORE, NO_SHIFT, scoreShifts, shiftFigures } from './shift.ts';
import { UNKNOWN, worseAbove, worseBelow } from './status.ts';

/** Windows of an incident in simulated fleets: six to twenty. */
const USUAL_RUN = 8;
const USUAL_INCIDENTS = 3;

const DAY_MS = 86_400_000;
/** Of the latency from append to verdict that is promised. */
const LATENCY_MS = 50;
/** Of the age of a model, told before anything is done about it. */
const MODEL_AGE_MS = 30 * DAY_MS;

/**
 * What there is to see of a stream at the end of a grain: every figure for each span, each with what it is held against,
 * and why they moved. A pure function of counts: computed again from the same bytes it is the same observation.
 */
export function observe(input: ObserveInput): Observation {
  const { stream, spans: counts, modelId, atMs } = input;
  const { grainMs, intervalMs } = stream.profile;
  const labels = labelFigures(input.labels);
  const own = ownFigures(input);
  const shiftsOf = (span: IntervalCounts | null): FeatureFigures[] =>
    input.reference === null ? [] : featureShifts(span, input.reference, input.policy);
  const ofSpan = (span: IntervalCounts | null, shifts = shiftsOf(span)): Figures => ({
    ...figuresOf(span, shifts, input),
    ...labels,
    ...own,
  });
  const features = shiftsOf(counts.interval);
  const spans = {
    grain: ofSpan(counts.grain),
    interval: ofSpan(counts.interval, features),
    day: ofSpan(counts.day),
    week: ofSpan(counts.week),
  };
  const quality = qualityOf(counts.interval, input.reference);
  const cause = classifyShift(input, { spans, features, quality });
  for (const span of SPANS) spans[span].producer_change = producerChange(cause);
  const grain = counts.grain;
  return {
    stream: stream.name,
    atMs,
    grainMs,
    intervalMs,
    modelId,
    alertRate: stream.detector.alertRate,
    spans,
    features,
    quality,
    cause,
    champion: grain?.champion ? laneFigures(grain.champion) : null,
    challenger: grain?.challenger ? challengerFigures(grain.challenger) : null,
    windows: grain?.windows ?? 0,
    entities: grain?.entities ?? 0,
    alertRun: runOf(counts.week),
  };
}

function figuresOf(
  counts: IntervalCounts | null,
  shifts: readonly FeatureFigures[],
  { reference, policy, stream }: ObserveInput,
): Figures {
  const rate = stream.detector.alertRate;
  return {
    ...(reference === null ? NO_SHIFT : shiftFigures(shifts, reference, policy)),
    ...(reference === null ? NO_SCORE : scoreShifts(counts?.champion?.score ?? null, reference, policy)),
    ...rateFigures(counts, reference),
    ...calibrationFigures(counts, rate, reference, policy),
    data_quality: qualityFigure(qualityOf(counts, reference)),
  };
}

/** Figures that are the same whatever the span. */
function ownFigures({ latencyP99Ms, quality, trainedMs, newestMs, atMs, policy, stream }: ObserveInput): Figures {
  const figure = (value: number | null, limit: number): Figure =>
    value === null || !Number.isFinite(value) ? UNKNOWN : { value, status: worseAbove(value, limit), limit };
  const worse = 1 - policy.worse;
  return {
    latency_p99: figure(latencyP99Ms, LATENCY_MS),
    robust_z_share: figure(quality?.robustZShare ?? null, 0.9),
    quality:
      quality === null || !Number.isFinite(quality.relative)
        ? UNKNOWN
        : { value: quality.relative, status: worseBelow(quality.relative, worse), limit: worse },
    model_age: figure(trainedMs === null ? null : Math.max(0, atMs - trainedMs), MODEL_AGE_MS),
    figures_age: figure(
      newestMs === Number.NEGATIVE_INFINITY ? null : Math.max(0, newestMs - atMs),
      2 * stream.profile.intervalMs,
    ),
  };
}

function producerChange({ kind }: Cause): Figure {
  if (kind === 'unknown') return UNKNOWN;
  const value = kind === 'schema_change' || kind === 'unit_change' ? 1 : 0;
  return { value, status: value === 1 ? 'drift' : 'ok', limit: 0 };
}

/**
 * Alerts of the champion by the incidents that they came in. What one or two incidents tell is chance, and a champion that
 * was calibrated to a changed stream has no more: so as many of the usual length are put to them.
 */
function runOf(counts: IntervalCounts | null): number | null {
  if (counts === null || counts.champion === null) return null;
  return (counts.champion.alerts + USUAL_INCIDENTS * USUAL_RUN) / (counts.incidentsOpened + USUAL_INCIDENTS);
}

const laneFigures = ({ modelId, windows, alerts, failed }: LaneCounts): LaneFigures => ({
  modelId,
  windows,
  alerts,
  failed,
});

function challengerFigures(challenger: NonNullable<IntervalCounts['challenger']>) {
  const { share, paired, both, onlyChampion, onlyChallenger } = challenger;
  return { ...laneFigures(challenger), share, paired, both, onlyChampion, onlyChallenger };
}
