import { LN10, ln } from '../../core/math.ts';
import type { Attribution, Dismissal, Incident, Verdict } from '../../core/types.ts';
import { alertDecades } from '../../detector/calibration.ts';
import { MAX_DISMISSALS } from '../../detector/served-model.ts';

/** Of a verdict, what says how far out a window was and what led. */
type Judged = Pick<Verdict, 'pValue' | 'severity' | 'attributions'>;

/**
 * What a dismissed incident adds to the calibration: evidence of this entity that leads with the same metric in the same
 * direction alarms only where it is larger. An anomaly casts a shadow, windows that are unusual for what was before them
 * and often in the other direction: each of its anomalous windows adds what led it. verdicts: of the incident's windows as
 * far as they are kept; without them its peak is told by its severity. [] where nothing can be learned: an absence, or
 * nobody knows metric and direction.
 */
export function dismissalsOf(incident: Incident, alertRate: number, verdicts: readonly Judged[] = []): Dismissal[] {
  if (incident.kind !== 'anomaly') return [];
  const { entity, peakSeverity } = incident;
  const found = new Map<string, Dismissal>();
  const add = (attributions: Incident['attributions'], decades: number) => {
    const leading = attributions[0];
    const direction = leading && directionOf(leading);
    if (!leading || !direction) return;
    const key = `${leading.metric}\0${direction}`;
    if (decades > (found.get(key)?.decades ?? Number.NEGATIVE_INFINITY))
      found.set(key, { entity, metric: leading.metric, direction, decades });
  };
  const farthest = verdicts.reduce((most, { pValue }) => Math.max(most, decadesOf(pValue)), 0);
  add(incident.attributions, Math.max(peakSeverity * alertDecades(alertRate), farthest));
  for (const { pValue, severity, attributions } of verdicts) if (severity > 1) add(attributions, decadesOf(pValue));
  return [...found.values()];
}

const decadesOf = (pValue: number): number => -ln(pValue) / LN10;

function directionOf({ value, expectedLow, expectedHigh }: Attribution): Dismissal['direction'] | null {
  const usual = (expectedLow + expectedHigh) / 2;
  return value > usual ? 'high' : value < usual ? 'low' : null;
}

/** Adds dismissals to those in force, the newest last: of several about the same the largest holds. The oldest go when there are too many. */
export function withDismissals(inForce: readonly Dismissal[], added: readonly Dismissal[]): Dismissal[] {
  const all = new Map<string, Dismissal>();
  for (const one of [...inForce, ...added]) {
    const key = `${one.entity}\0${one.metric}\0${one.direction}`;
    const held = all.get(key);
    all.delete(key);
    all.set(key, held !== undefined && held.decades > one.decades ? held : one);
  }
  return [...all.values()].slice(-MAX_DISMISSALS);
}
