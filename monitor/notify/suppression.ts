import type { SuppressRule } from '../../core/config/notify.ts';
import type { Attribution, Incident } from '../../core/types.ts';
import { globMatcher } from '../../ingest/metric-filter.ts';
import { covers, type MaintenanceWindow } from './ports.ts';

/** Metrics with a smaller share of the evidence are no reason to tell somebody. */
const LEADS_FROM_SHARE = 0.1;

/** What keeps a notification back: the rule or the maintenance window, by name, in words for the incident's page. */
export interface Suppressed {
  by: 'maintenance' | 'rule';
  name: string;
  reason: string;
}

/**
 * Whether an incident is kept from notification. By maintenance when a window covers its start, for the entity or for its
 * leading metric. By rules when every metric that leads it (a tenth of the evidence or more) is kept back by a rule that
 * is for it: deviations in the other direction, or smaller than asked. An absence has no metrics, so no rule keeps it
 * back. Verdicts and incidents are never changed by this.
 */
export function suppressedBy(
  incident: Incident,
  rules: readonly SuppressRule[],
  maintenance: readonly MaintenanceWindow[],
): Suppressed | null {
  const { stream, entity, startMs: atMs, attributions } = incident;
  const metric = attributions[0]?.metric ?? null;
  for (const window of maintenance) {
    if (covers(window, { stream, entity, metric, atMs }))
      return { by: 'maintenance', name: window.id, reason: window.reason };
  }
  const leading = attributions.filter(({ share }) => share >= LEADS_FROM_SHARE);
  let first: Suppressed | null = null;
  for (const attribution of leading) {
    const kept = keptBack(entity, attribution, rules);
    if (kept === null) return null;
    first ??= kept;
  }
  return first;
}

function keptBack(entity: string, attribution: Attribution, rules: readonly SuppressRule[]): Suppressed | null {
  for (const rule of rules) {
    if (!globMatcher(rule.entity)(entity) || !globMatcher(rule.metric)(attribution.metric)) continue;
    const reason = unwanted(rule, attribution);
    if (reason !== null) return { by: 'rule', name: rule.name, reason };
  }
  return null;
}

function unwanted(rule: SuppressRule, { metric, value, expectedLow, expectedHigh }: Attribution): string | null {
  const above = value > expectedHigh;
  const edge = above ? expectedHigh : expectedLow;
  const deviation = above ? value - expectedHigh : expectedLow - value;
  // without a band, or within it, there is no deviation that could be measured
  if (!(deviation > 0)) return null;
  const direction = above ? 'above' : 'below';
  if (rule.direction !== 'both' && rule.direction !== direction)
    return `${metric} is ${direction} its band, and only ${rule.direction} is asked for`;
  if (deviation < rule.minAbsolute) return `${metric} is less than ${rule.minAbsolute} off its band`;
  if (deviation < rule.minRelative * Math.abs(edge))
    return `${metric} is less than ${rule.minRelative * 100} % off its band`;
  return null;
}
