import { binned } from '../../core/stats/histogram.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { Cause } from '../observation.ts';
import { answer, type Facts, type FeatureFacts, featureOf, percent, shareOf } from './facts.ts';
import { meanRank, median, sharesOf } from './shape.ts';

/** Share of the entities that must alert in one interval, and how many at least. */
const ALERTING = 0.5;
const LEAST_ENTITIES = 2;
/** How many times as many alerts as usual. */
const ALERTS = 4;
/** Mean rank up to which the bulk of a feature's values is in its place. */
const IN_PLACE = 0.2;
/** The same where the newest grain is back: a storm may have filled half of its interval. */
const WIDE = 0.35;

const alertShare = (counts: IntervalCounts): number =>
  counts.champion === null ? 0 : shareOf(counts.champion.alerts, counts.champion.windows);

/** Entities with an alert, of all: by name in one grain, or by their hash over the grains, whichever shows more. */
function alertingShare({ mix, alertMix, alertingEntities, entities }: IntervalCounts): number {
  const filled = (counts: Float64Array) => counts.reduce((n, x) => (x > 0 ? n + 1 : n), 0);
  const byHash = filled(mix) <= mix.length / 2 ? shareOf(filled(alertMix), filled(mix)) : 0;
  return Math.max(byHash, shareOf(alertingEntities, entities));
}

function rankIn(counts: IntervalCounts | null, { name, placeBefore, rank }: FeatureFacts): number {
  const feature = featureOf(counts, name);
  const place = feature === null ? null : sharesOf(binned(feature.place));
  return place === null || placeBefore === null ? rank : meanRank(placeBefore, place);
}

/** Many entities alert at once while most of their values are where they were: faults, and not another normal. */
export function faultStorm(facts: Facts): Cause | null {
  const { now, before, grain, moved, reference } = facts;
  const alerting = alertingShare(now);
  const alerts = alertShare(now);
  const usualAlerts = Math.max(facts.usual(alertShare) ?? 0, reference.alertRate);
  const usualAlerting = facts.usual(alertingShare) ?? 0;
  const usualIncidents = facts.usual((counts) => counts.incidentsOpened) ?? 0;
  const rank = median(moved.map((f) => Math.abs(f.rank))) ?? 0;
  const newest = median(moved.map((f) => Math.abs(rankIn(grain, f)))) ?? rank;
  const backAgain = rank <= WIDE && newest <= rank / 2;
  const last = before.at(-1);
  // A storm is of this interval: where as many alerts had come before, something goes on that began earlier.
  const recent = before.slice(-Math.ceil(before.length / 2));
  const quietBefore =
    last === undefined || (alertShare(last) <= alerts / 2 && recent.every((counts) => alertShare(counts) <= alerts));
  const evidence = {
    alertingEntities: alerting,
    alertingUsual: usualAlerting,
    alertShare: alerts,
    alertShareUsual: usualAlerts,
    incidents: now.incidentsOpened,
    incidentsUsual: usualIncidents,
    rank,
    rankNewestGrain: newest,
  };
  const many = alerting * now.entities >= LEAST_ENTITIES && alerting >= Math.max(ALERTING, 1.5 * usualAlerting);
  if (!many || now.incidentsOpened <= 2 * usualIncidents || alerts < ALERTS * usualAlerts) return null;
  if (!(rank <= IN_PLACE || backAgain) || !quietBefore) return null;
  return answer(
    'fault_storm',
    `${percent(alerting)} of ${now.entities} entities alerted (${percent(alerts)} of the windows, ${now.incidentsOpened} incidents) while most values are where they were: a fault that many share.`,
    evidence,
    moved.map((f) => f.name),
  );
}
