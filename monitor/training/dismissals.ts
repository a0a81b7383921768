import { LN10, ln } from '../../core/math.ts';
import type { Dismissal, Incident, Verdict } from '../../core/types.ts';
import { alertDecades } from '../../detector/calibration.ts';
import { MAX_DISMISSALS } from '../../detector/served-model.ts';

/**
 * What a dismissed incident adds to the calibration: evidence of this entity that leads with the same metric in the same
 * direction alarms only where it is larger. verdicts: of the incident's windows as far as they are kept; without
 * them its peak is told by its severity. null where nothing can be learned: an absence, or nobody knows metric and direction.
 */
export function dismissalOf(
  incident: Incident,
  alertRate: number,
  verdicts: readonly Pick<Verdict, 'pValue'>[] = [],
): Dismissal | null {
  const leading = incident.attributions[0];
  if (incident.kind !== 'anomaly' || leading === undefined) return null;
  const { value, expectedLow, expectedHigh } = leading;
  const usual = (expectedLow + expectedHigh) / 2;
  if (!(value > usual || value < usual)) return null;
  let decades = incident.peakSeverity * alertDecades(alertRate);
  for (const { pValue } of verdicts) decades = Math.max(decades, -ln(pValue) / LN10);
  return {
    entity: incident.entity,
    metric: leading.metric,
    direction: value > usual ? 'high' : 'low',
    decades,
  };
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
