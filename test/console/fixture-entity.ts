import type { Attribution, Incident, Sample, Source } from '../../core/types.ts';
import { IncidentTracker } from '../../detector/incidents.ts';
import { describeIncident } from '../../detector/words.ts';
import type { StoredVerdict } from '../../monitor/ports.ts';

const RULES = { openAfter: 2, openWithin: 3, closeAfter: 6 };
const ABSENT_AFTER_WINDOWS = 6;
const LEVEL_RATE = 0.12;
const SPREAD_RATE = 0.03;
const LEARNING_WINDOWS = 20;
/** Least half-width of a band: absolute, and as a share of the level. Quiet services must look quiet. */
const FLOORS: Readonly<Record<string, readonly [absolute: number, share: number]>> = {
  error_ratio: [0.012, 0],
  queue_depth: [16, 0],
  memory_bytes: [0, 0.45],
  latency_ms: [2, 0.4],
  requests_per_s: [4, 0.25],
  cpu_percent: [6, 0.2],
};
const USUAL_FLOOR = [1e-4, 0.08] as const;

interface Follower {
  level: number;
  spread: number;
}

/**
 * Stands in for the detector, so that the console has bands, severities and incidents to show: exponentially smoothed
 * level and spread a metric, severity by the largest excess. Plausible, and nothing more.
 */
export class FixtureEntity {
  readonly verdicts: StoredVerdict[] = [];
  readonly stream: string;
  readonly entity: string;
  readonly #windowMs: number;
  readonly #source: Source;
  readonly #followers = new Map<string, Follower>();
  readonly #tracker = new IncidentTracker();
  #seen = 0;
  #lastMs: number;

  constructor(stream: string, entity: string, windowMs: number, source: Source, startMs: number) {
    this.stream = stream;
    this.entity = entity;
    this.#windowMs = windowMs;
    this.#source = source;
    this.#lastMs = startMs;
  }

  get openIncidentId(): string | null {
    return this.#tracker.openId;
  }

  /** One sample is one window, [timeMs, timeMs + windowMs). */
  score(sample: Sample): { verdict: StoredVerdict; incidents: Incident[] } {
    this.#seen++;
    const features: string[] = [];
    const values: number[] = [];
    const low: number[] = [];
    const high: number[] = [];
    const excess: number[] = [];
    for (const [i, metric] of sample.names.entries()) {
      const value = sample.values[i]!;
      const follower = this.#followers.get(metric) ?? { level: value, spread: Math.abs(value) * 0.05 };
      this.#followers.set(metric, follower);
      const [absolute, share] = FLOORS[metric] ?? USUAL_FLOOR;
      const half = Math.max(6 * follower.spread, Math.abs(follower.level) * share, absolute);
      const residual = value - follower.level;
      const ratio = this.#seen < LEARNING_WINDOWS ? 0.2 : Math.abs(residual) / half;
      features.push(`${metric}__mean__${this.#windowMs / 1000}s`);
      values.push(value);
      low.push(Math.max(0, follower.level - half));
      high.push(follower.level + half);
      excess.push(ratio);
      const trust = ratio > 1 ? 0.02 : 1;
      follower.level += LEVEL_RATE * trust * residual;
      follower.spread += SPREAD_RATE * trust * (Math.abs(residual) - follower.spread);
    }
    const worst = Math.max(...excess);
    const severity = worst <= 1 ? 0.85 * worst : Math.min(6, 1.05 + Math.log2(worst));
    const total = excess.reduce((sum, x) => sum + x * x, 0);
    const attributions: Attribution[] = sample.names
      .map((metric, i) => ({
        metric,
        share: (excess[i]! * excess[i]!) / total,
        value: values[i]!,
        expectedLow: low[i]!,
        expectedHigh: high[i]!,
      }))
      .sort((a, b) => b.share - a.share);
    const verdict: StoredVerdict = {
      id: `${this.stream}-${this.entity}-${sample.timeMs}`,
      stream: this.stream,
      entity: this.entity,
      windowStartMs: sample.timeMs,
      windowMs: this.#windowMs,
      schemaVersion: 1,
      source: this.#source,
      score: 0.35 + Math.min(0.6, worst / 10),
      pValue: 10 ** (-3 * severity),
      severity,
      probation: this.#source === 'fallback',
      modelId: this.#source === 'forest' ? `${this.stream}-9f31c2` : 'fallback',
      calibrationVersion: 1,
      readings: {
        features,
        values: Float64Array.from(values),
        low: Float64Array.from(low),
        high: Float64Array.from(high),
      },
      attributions,
    };
    this.verdicts.push(verdict);
    this.#lastMs = sample.timeMs + this.#windowMs;
    const returned = this.#tracker.absent ? this.#tracker.returned(this.#lastMs) : null;
    const changed = this.#tracker.follow(verdict, RULES);
    return { verdict, incidents: [returned, changed].filter((i) => i !== null) };
  }

  /** Time has passed: the entity may have gone missing. */
  pass(nowMs: number): Incident | null {
    if (nowMs - this.#lastMs < ABSENT_AFTER_WINDOWS * this.#windowMs) return null;
    const missing = this.#tracker.missing(this.stream, this.entity, this.#lastMs, nowMs);
    return missing && { ...missing, summary: describeIncident('absence', [], nowMs - this.#lastMs) };
  }
}
