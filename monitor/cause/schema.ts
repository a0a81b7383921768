import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { answer, at, type Facts, featureOf, listed, metricsOf, missingOf, percent, shareOf } from './facts.ts';

/** Missing share from which a feature has gone, and up to which it had been there. */
const GONE = 0.9;
const THERE = 0.5;
/** With a larger share of features gone and no new ones, the data are missing and not the schema changed. */
const MOST = 0.6;
/** Share of windows with a feature that the model does not know, from which it is new. */
const NEW = 0.05;

const newShare = (counts: IntervalCounts): number =>
  shareOf(Math.max(0, ...counts.unknownFeatures.values()), counts.windows);

/** A producer changed what it sends: features of the model come no more, or new ones do, or both, which is a new name. */
export function schemaChange(facts: Facts): Cause | null {
  const { now, features, before } = facts;
  if (features.length === 0) return null;
  const gone = features.filter((f) => f.missing >= GONE && f.reference.missing <= THERE);
  const fresh = [...now.unknownFeatures]
    .filter(([name, windows]) => shareOf(windows, now.windows) >= NEW && isNew(name, before))
    .sort((a, b) => b[1] - a[1])
    .map(([name]) => name);
  const appeared = newShare(now);
  const evidence = {
    featuresGone: gone.length,
    featuresNew: fresh.length,
    shareNew: appeared,
    features: features.length,
  };
  // In part of the entities: as many windows lack the old name as have the new one.
  const partly = features.filter((f) => f.missing - f.reference.missing >= NEW && f.missing < GONE);
  const swapped =
    fresh.length > 0 && partly.length > 0 && partly.length <= MOST * features.length
      ? partly.filter((f) => Math.abs(f.missing - f.reference.missing - appeared) <= 0.15)
      : [];
  if (gone.length > 0 && (fresh.length > 0 || now.unknownFeatures.size > 0)) {
    const as = fresh.length > 0 ? fresh : [...now.unknownFeatures.keys()];
    return answer(
      'schema_change',
      `${listed(metricsOf(gone))} ${are(gone)} no longer sent and ${listed(as)} came instead${sinceGone(facts, gone[0]!.name)}: a producer has renamed ${gone.length === 1 ? 'it' : 'them'}.`,
      evidence,
      [...metricsOf(gone), ...as],
    );
  }
  if (swapped.length > 0) {
    return answer(
      'schema_change',
      `${listed(metricsOf(swapped))} is missing in ${percent(swapped[0]!.missing)} of the windows and ${listed(fresh)} came in as many: part of the producers have a new name for it.`,
      evidence,
      [...metricsOf(swapped), ...fresh],
    );
  }
  if (gone.length > 0 && gone.length <= MOST * features.length) {
    return answer(
      'schema_change',
      `${listed(metricsOf(gone))} ${are(gone)} no longer sent${sinceGone(facts, gone[0]!.name)}, while the other metrics come as before.`,
      evidence,
      metricsOf(gone),
    );
  }
  if (fresh.length > 0) {
    return answer(
      'schema_change',
      `${listed(fresh)} came that the model does not know, in ${percent(appeared)} of the windows.`,
      evidence,
      fresh,
    );
  }
  return null;
}

const are = (gone: readonly { metric: string }[]): string =>
  new Set(gone.map((f) => f.metric)).size === 1 ? 'is' : 'are';

/** New against the oldest interval known: what has been coming for days is no longer a change. */
function isNew(name: string, before: readonly IntervalCounts[]): boolean {
  const oldest = before[0];
  return oldest === undefined || shareOf(oldest.unknownFeatures.get(name) ?? 0, oldest.windows) < NEW;
}

function sinceGone({ before, now }: Facts, name: string): string {
  let sinceMs = now.startMs;
  for (const counts of [...before].reverse()) {
    const feature = featureOf(counts, name);
    if (feature === null || missingOf(feature) < THERE) return ` since about ${at(sinceMs)}`;
    sinceMs = counts.startMs;
  }
  return '';
}
