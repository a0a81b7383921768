import { missingShare, total } from '../../core/stats/histogram.ts';
import { dataQuality, MIN_TRAINING_QUALITY } from '../../core/stats/quality.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import type { DataQuality, Figure } from '../observation.ts';
import { UNKNOWN, worseBelow } from './status.ts';

/** A feature that is missing so often no longer comes at all. */
export const GONE = 0.99;
/** A feature that the model does not know counts once it has come in this share of the windows. */
export const ARRIVED = 0.05;

/** The data quality score of an interval, of 30; null without windows or without a reference. */
export function qualityOf(counts: IntervalCounts | null, reference: ReferenceProfile | null): DataQuality | null {
  if (counts === null || reference === null || reference.spanMs === 0) return null;
  const { applied, late, duplicate, dead_lettered, conflicts } = counts.points;
  const trained = new Map(reference.features.map(({ name, missing }) => [name, missing]));
  let [values, valuesMissing, missingInTraining, removed] = [0, 0, 0, 0];
  for (const { name, place } of counts.features) {
    const all = total(place);
    const missing = all === 0 ? 1 : missingShare(place);
    const before = trained.get(name) ?? 0;
    if (missing >= GONE && before < GONE) {
      removed++;
      continue;
    }
    values += all;
    valuesMissing += all * missing;
    missingInTraining += all * before;
  }
  const intervalMs = counts.endMs - counts.startMs;
  const found = dataQuality({
    points: applied + late + duplicate + dead_lettered,
    late,
    duplicates: duplicate,
    conflicts,
    deadLettered: dead_lettered,
    delayed: 0,
    values,
    valuesMissing: Math.min(values, valuesMissing),
    missingShareInTraining: values === 0 ? 0 : Math.min(1, missingInTraining / values),
    windows: counts.windows,
    windowsExpected: (reference.windows / reference.spanMs) * intervalMs,
    features: reference.features.length,
    featuresRemoved: removed,
    featuresNew: [...counts.unknownFeatures.values()].filter((windows) => windows >= ARRIVED * counts.windows).length,
  });
  return found.ok ? found.value : null;
}

export const qualityFigure = (quality: DataQuality | null): Figure =>
  quality === null
    ? UNKNOWN
    : { value: quality.score, status: worseBelow(quality.score, MIN_TRAINING_QUALITY), limit: MIN_TRAINING_QUALITY };
