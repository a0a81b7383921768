import { fail, ok, type Result } from '../errors.ts';
import type { Interval } from './bootstrap.ts';
import { binomialInterval, poissonInterval } from './intervals.ts';

export interface AlertRate {
  /** Observed over expected alerts; 1 is what was configured. */
  ratio: number;
  /** Exact, for independent windows. */
  interval: Interval;
  expected: number;
}

/**
 * Alerts observed against those expected at the configured rate (share of windows), with Clopper and Pearson's interval.
 * sample_empty, count_invalid, argument_invalid (rate outside (0, 1]).
 */
export function alertRate(alerts: number, windows: number, rate: number, coverage = 0.95): Result<AlertRate> {
  if (!(rate > 0 && rate <= 1)) return fail('argument_invalid', `the rate is ${rate}, wanted above 0, at most 1`);
  const interval = binomialInterval(alerts, windows, coverage);
  if (!interval.ok) return interval;
  const [low, high] = interval.value;
  return ok({ ratio: alerts / windows / rate, interval: [low / rate, high / rate], expected: windows * rate });
}

/** The same for rare events whose opportunities cannot be counted (false alarms a week): Garwood's interval. */
export function eventRate(events: number, expected: number, coverage = 0.95): Result<AlertRate> {
  if (!(expected > 0 && Number.isFinite(expected))) return fail('argument_invalid', `${expected} events are expected`);
  const interval = poissonInterval(events, coverage);
  if (!interval.ok) return interval;
  const [low, high] = interval.value;
  return ok({ ratio: events / expected, interval: [low / expected, high / expected], expected });
}
