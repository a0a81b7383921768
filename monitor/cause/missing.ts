import { psi } from '../../core/stats/psi.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { answer, type Facts, metricsOf, percent, pointsOf, shareOf } from './facts.ts';

/** Late points beyond the usual share of them. */
const LATE = 0.02;
/** Values, points or windows missing beyond what is usual. */
const MISSING = 0.08;
/** Share of the features that must miss values for it to be the data and not one producer. */
const BROAD = 0.5;
/** PSI of windows by entity up to which all entities have lost alike. */
const SAME_MIX = 0.1;

const lateOf = (counts: IntervalCounts): number => shareOf(counts.points.late, pointsOf(counts));

/** Points came, but after their windows had closed. Asked before missing data, because what is late is missing as well. */
export function lateData(facts: Facts): Cause | null {
  const late = lateOf(facts.now);
  const usual = facts.usual(lateOf) ?? 0;
  if (late < LATE || late < 2 * usual + LATE / 2) return null;
  return answer(
    'late_data',
    `${percent(late)} of the points came after their windows had closed, where ${percent(usual)} are usual: the data are late.`,
    { late, lateUsual: usual },
  );
}

/** Values that should be there are not: in most features, or whole windows of all entities alike. */
export function missingData(facts: Facts): Cause | null {
  const { now, features } = facts;
  const excess = features.map((f) => f.missing - f.reference.missing);
  const missing = excess.reduce((sum, x) => sum + Math.max(0, x), 0) / Math.max(1, excess.length);
  const broad = shareOf(excess.filter((x) => x >= MISSING / 2).length, features.length);
  const usualWindows = facts.usual((counts) => counts.windows) ?? expectedWindows(facts);
  const usualPoints = facts.usual((counts) => counts.points.applied);
  const windows = 1 - shareOf(now.windows, usualWindows);
  const points = usualPoints === null || usualPoints === 0 ? 0 : 1 - now.points.applied / usualPoints;
  const evidence = { valuesMissing: missing, featuresMissing: broad, windowsMissing: windows, pointsMissing: points };
  if (missing >= MISSING && broad >= BROAD) {
    return answer(
      'missing_data',
      `${percent(missing)} of the feature values are missing beyond those of training, in ${percent(broad)} of the features.`,
      evidence,
    );
  }
  if (windows >= MISSING && sameMix(facts)) {
    return answer(
      'missing_data',
      `${percent(windows)} of the windows that are usual did not come, in all entities alike.`,
      evidence,
    );
  }
  if (points >= MISSING && missing < MISSING / 2 && metricsLost(facts) === 0 && sameMix(facts)) {
    return answer('missing_data', `${percent(points)} fewer points came than usual, in all entities alike.`, evidence);
  }
  const flaky = features.filter((_, i) => excess[i]! >= MISSING);
  if (flaky.length > 0) {
    const share = Math.max(...flaky.map((f) => f.missing));
    return answer(
      'missing_data',
      `Up to ${percent(share)} of the values of ${metricsOf(flaky)[0]} are missing, more than in training.`,
      { ...evidence, mostMissing: share },
      metricsOf(flaky),
    );
  }
  return null;
}

/** Metrics that come no more at all, which is the schema's business. */
const metricsLost = ({ features }: Facts): number =>
  features.filter((f) => f.missing >= 0.9 && f.reference.missing < 0.5).length;

function expectedWindows({ now, reference }: Facts): number {
  return reference.spanMs === 0 ? 0 : (reference.windows * (now.endMs - now.startMs)) / reference.spanMs;
}

/** Whether the windows are spread over the entities as they were. */
function sameMix({ now, before, reference }: Facts): boolean {
  const distance = psi(before.at(-1)?.mix ?? reference.mix, now.mix);
  return distance.ok && distance.value <= SAME_MIX;
}
