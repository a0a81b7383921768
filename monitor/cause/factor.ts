import { clearlyMoved, type Facts, type FeatureFacts, featureOf } from './facts.ts';
import { bestShift, ratioShares } from './shape.ts';

/** What may be left of the distance after a shift by a factor, as a share of it and in slots, for it to explain the shift. */
const LEFT = 0.35;
const LEFT_SLOTS = 1;
/** Slots (quarter octaves) from which a factor is one, and within which two factors are the same. */
const LEAST_SLOTS = 2;
const SAME_SLOTS = 0.6;
/** Metrics that must have moved by something else than the factor of the others, for the world to have changed. */
const OF_THEIR_OWN = 2;

/**
 * Whether metrics moved each by a measure of its own. A producer that sends metrics in another unit moves them by one factor,
 * and a wandering metric beside them makes no other world of it: so enough must be left that no one factor explains.
 */
export function ofTheirOwn(facts: Facts): boolean {
  const clear = clearlyMoved(facts);
  const factors = clear.flatMap((metric) => {
    const features = facts.moved.filter((f) => f.metric === metric);
    const found = features.map((feature) => factorOf(facts, feature)).filter((slots) => slots !== null);
    return found.length === 0 ? [] : [found[0]!];
  });
  const explained = Math.max(
    0,
    ...factors.map((one) => factors.filter((other) => Math.abs(other - one) <= SAME_SLOTS).length),
  );
  return clear.length - explained >= OF_THEIR_OWN;
}

/** The factor, in slots, that explains how a feature moved against training or the same time of day; null for none. */
function factorOf({ dayAgo, weekAgo }: Facts, feature: FeatureFacts): number | null {
  const now = ratioShares(feature.now.ratio);
  if (now === null) return null;
  let best: { slots: number; left: number } | null = null;
  for (const ratio of [feature.reference.ratio, ...[dayAgo, weekAgo].map((c) => featureOf(c, feature.name)?.ratio)]) {
    const before = ratio === undefined ? null : ratioShares(ratio);
    if (before === null) continue;
    const { slots, before: apart, after } = bestShift(before, now);
    if (Math.abs(slots) < LEAST_SLOTS || (after > LEFT * apart && after > LEFT_SLOTS)) continue;
    if (best === null || after / apart < best.left) best = { slots, left: after / apart };
  }
  return best?.slots ?? null;
}
