import type { ReferenceProfile } from './reference.ts';

/** A feature that was missing in no more of the windows of training is expected in each. */
const RARELY = 0.05;
/** Standard deviations above the average of training at which missing features are more than in training. */
const BEYOND = 3;

/** What says of a window whether more features are missing than in training. */
export interface GapRule {
  /** Of each feature of the profile: 1 where it is expected. */
  expected: Uint8Array;
  /** Expected features that may be missing from a window. */
  allowed: number;
}

const rules = new WeakMap<ReferenceProfile, Map<readonly string[], GapRule>>();

/**
 * A window has a gap when more of the expected features are missing than their average in training and three standard
 * deviations above it, taken as independent. Where training lacked none, one is enough. Features that training itself
 * often lacked never count. Lists of features are shared by entities, and so are their rules.
 */
export function gapRule(reference: ReferenceProfile, features: readonly string[]): GapRule {
  let known = rules.get(reference);
  if (known === undefined) {
    known = new Map();
    rules.set(reference, known);
  }
  let rule = known.get(features);
  if (rule === undefined) {
    rule = ruleOf(reference, features);
    known.set(features, rule);
  }
  return rule;
}

function ruleOf(reference: ReferenceProfile, features: readonly string[]): GapRule {
  const missing = new Map(reference.features.map((feature) => [feature.name, feature.missing]));
  const expected = new Uint8Array(features.length);
  let mean = 0;
  let variance = 0;
  for (let c = 0; c < features.length; c++) {
    const share = missing.get(features[c]!) ?? 1;
    if (!(share <= RARELY)) continue;
    expected[c] = 1;
    mean += share;
    variance += share * (1 - share);
  }
  return { expected, allowed: mean + BEYOND * Math.sqrt(variance) };
}

/** values: in the order of the features of the rule. */
export function hasGap({ expected, allowed }: GapRule, values: Float64Array): boolean {
  let missing = 0;
  for (let c = 0; c < expected.length; c++) if (expected[c] === 1 && Number.isNaN(values[c]!)) missing++;
  return missing > allowed;
}
