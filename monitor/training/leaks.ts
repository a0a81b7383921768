import { AGGREGATIONS, type Aggregation } from '../../core/config/stream.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import { parseFeatureName } from '../../ingest/feature-name.ts';
import type { LabelBook } from './label-book.ts';

/** Labelled windows of each kind from which a feature that repeats the label is told from chance. */
const LEAST_LABELLED = 8;

interface Seen {
  anomalous: number;
  normal: number;
  anomalousValue: number;
  normalValue: number;
  copies: boolean;
}

/**
 * Refuses rows with a feature that is not computed from measurements, or that repeats the labels: one constant on all
 * windows labelled anomalous, another on all labelled normal. training_refused names the feature.
 */
export function checkFeatures(rows: readonly TrainingRow[], labels: LabelBook): Result<null> {
  const known = new Set<readonly string[]>();
  const seen = new Map<string, Seen>();
  for (const { entity, features, windowStartMs, values } of rows) {
    if (!known.has(features)) {
      for (const feature of features) {
        if (!AGGREGATIONS.includes(parseFeatureName(feature).aggregation as Aggregation))
          return fail('training_refused', `${feature} is no feature of a window`);
      }
      known.add(features);
    }
    const said = labels.of(entity, windowStartMs);
    if (said === 'anomalous' || said === 'normal') compare(seen, features, values, said);
  }
  for (const [feature, one] of seen) {
    if (one.copies && one.anomalous >= LEAST_LABELLED && one.normal >= LEAST_LABELLED)
      return fail(
        'training_refused',
        `${feature} repeats the labels: ${one.anomalousValue} whenever a window was labelled anomalous, else ${one.normalValue}`,
      );
  }
  return ok(null);
}

function compare(
  seen: Map<string, Seen>,
  features: readonly string[],
  values: Float64Array,
  said: 'anomalous' | 'normal',
): void {
  for (const [c, feature] of features.entries()) {
    const value = values[c]!;
    let one = seen.get(feature);
    if (one === undefined) {
      one = { anomalous: 0, normal: 0, anomalousValue: Number.NaN, normalValue: Number.NaN, copies: true };
      seen.set(feature, one);
    }
    if (one[said]++ === 0) one[`${said}Value`] = value;
    else if (one[`${said}Value`] !== value) one.copies = false;
    if (one.anomalousValue === one.normalValue) one.copies = false;
  }
}
