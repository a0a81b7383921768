import type { PolicyConfig } from '../../core/config/policy.ts';
import { alertRate } from '../../core/stats/alert-rate.ts';
import { binned } from '../../core/stats/histogram.ts';
import { uniformityBinned } from '../../core/stats/ks-binned.ts';
import { type IntervalCounts, type LaneCounts, PVALUE_BINS } from '../../detector/interval-counts.ts';
import { PVALUE_EDGES } from '../../detector/interval-merge.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import type { Figure, Figures } from '../observation.ts';
import { MIN_VALUES } from './shift.ts';
import { UNKNOWN, worseAbove } from './status.ts';

/** Fewer expected alerts than this tell nothing of their rate. */
const MIN_EXPECTED = 1;
/** Share of the groups of entities that may have incidents of their own without saying anything of the calibration. */
const TRIMMED = 0.1;
/** Bins of p-values from 0.05 to 0.25: too few windows lie here to be those of incidents, unless the bulk has moved. */
const BULK_BINS = [1, 2, 3, 4] as const;
/** More windows there by this factor, and p-values are too small altogether. */
const BULK_MOVED = 1.25;
/** Share of the windows below all of these bins from which they are the bulk themselves. */
const MOST = 0.5;
/** Without measured limits. */
const UNIFORMITY = 0.2;

/** Whether alerts come as often as configured, and whether p-values are what they say. */
export function calibrationFigures(
  counts: IntervalCounts | null,
  rate: number,
  reference: ReferenceProfile | null,
  { alertRatioBand, limits: rule }: PolicyConfig,
): Figures {
  const lane = counts?.champion ?? null;
  if (counts === null || lane === null || lane.windows === 0) return { alert_rate_ratio: UNKNOWN, uniformity: UNKNOWN };
  const measured = rule === 'measured' ? (reference?.limits ?? null) : null;
  return {
    alert_rate_ratio: ratioFigure(counts, lane, rate, alertRatioBand),
    uniformity: uniformityFigure(lane, measured?.uniformity ?? UNIFORMITY),
  };
}

/**
 * Out of its band only when the interval is so as a whole. On the high side alerts may be what they are for: so it must be
 * out without the tenth of the entities that alert most, too, and the bulk of the p-values must be too small beside them.
 * More anomalies alone leave the bulk where it was, and are nothing to calibrate away.
 */
function ratioFigure(counts: IntervalCounts, lane: LaneCounts, rate: number, band: readonly [number, number]): Figure {
  const found = alertRate(lane.alerts, lane.windows, rate);
  if (!found.ok) return UNKNOWN;
  const { ratio, expected } = found.value;
  const trimmed = withoutMostAlerting(counts, lane);
  const others = alertRate(trimmed.alerts, trimmed.windows, rate);
  const least = Math.min(found.value.interval[0], others.ok ? others.value.interval[0] : 0);
  const low = bulkMoved(lane) ? least : Math.min(least, band[1]);
  const interval = [low, found.value.interval[1]] as const;
  const out = interval[0] > band[1] || interval[1] < band[0];
  const status = expected < MIN_EXPECTED && !out ? 'unknown' : out ? 'drift' : 'ok';
  return { value: ratio, status, limit: band, interval };
}

/** Whether windows whose p-value is small but no alert are more than uniform ones would be. */
function bulkMoved({ pValue: { counts }, windows }: LaneCounts): boolean {
  let inBulk = 0;
  for (const bin of BULK_BINS) inBulk += counts[1 + bin]!;
  const below = counts[0]! + counts[1]!;
  return below > MOST * windows || inBulk / ((BULK_BINS.length / PVALUE_BINS) * windows) > BULK_MOVED;
}

function withoutMostAlerting({ mix, alertMix }: IntervalCounts, lane: LaneCounts): { alerts: number; windows: number } {
  const groups = Array.from(mix, (windows, i) => ({ windows, alerts: alertMix[i]! })).filter((g) => g.windows > 0);
  groups.sort((a, b) => b.alerts / b.windows - a.alerts / a.windows);
  const left = groups.length > 1 ? groups.slice(Math.max(1, Math.round(groups.length * TRIMMED))) : groups;
  const share =
    left.reduce((sum, g) => sum + g.windows, 0) /
    Math.max(
      1,
      groups.reduce((sum, g) => sum + g.windows, 0),
    );
  const windows = Math.max(1, Math.round(lane.windows * share));
  return {
    alerts: Math.min(
      windows,
      left.reduce((sum, g) => sum + g.alerts, 0),
    ),
    windows,
  };
}

function uniformityFigure({ pValue, windows }: LaneCounts, limit: number): Figure {
  if (windows < MIN_VALUES) return UNKNOWN;
  const found = uniformityBinned(PVALUE_EDGES, binned(pValue));
  if (!found.ok) return UNKNOWN;
  const { statistic } = found.value;
  return { value: statistic, status: worseAbove(statistic, limit), limit };
}
