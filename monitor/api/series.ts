import type { StoredVerdict, TimeRange } from '../ports.ts';
import { number, wireVerdict } from './wire.ts';

/** Names read metric__aggregation__window; what does not is a metric of its own. */
export function splitFeature(feature: string): { metric: string; aggregation: string } {
  const [metric = feature, aggregation = ''] = feature.split('__');
  return { metric, aggregation };
}

/**
 * Verdicts of one entity as columns for charts. Where there are more windows than points, each stretch of time is shown
 * by its most severe window, so that no anomaly disappears between two points and every row belongs to one window.
 */
export function toSeries(verdicts: readonly StoredVerdict[], range: TimeRange, points: number) {
  const newest = verdicts.at(-1);
  const windowMs = newest?.windowMs ?? 0;
  const hopMs = spacing(verdicts) ?? windowMs;
  const needMs = (range.toMs - range.fromMs) / points;
  const stepMs = hopMs === 0 ? 0 : Math.max(1, Math.ceil(needMs / hopMs)) * hopMs;
  const shown = stepMs > hopMs ? mostSevere(verdicts, stepMs) : verdicts;
  const columns = featureColumns(verdicts);
  const series = columns.map((feature) => ({
    feature,
    ...splitFeature(feature),
    value: [] as (number | null)[],
    low: [] as (number | null)[],
    high: [] as (number | null)[],
  }));
  for (const { readings } of shown) {
    for (const column of series) {
      const i = readings.features.indexOf(column.feature);
      column.value.push(i < 0 ? null : number(readings.values[i]!));
      column.low.push(i < 0 ? null : number(readings.low[i]!));
      column.high.push(i < 0 ? null : number(readings.high[i]!));
    }
  }
  let peak = newest;
  for (const verdict of verdicts) if (peak === undefined || verdict.severity > peak.severity) peak = verdict;
  return {
    windowMs,
    stepMs,
    windows: verdicts.length,
    anomalousWindows: verdicts.filter((v) => v.severity > 1).length,
    times: shown.map((v) => v.windowStartMs + v.windowMs),
    severity: shown.map((v) => number(v.severity)),
    source: shown.map((v) => v.source),
    probation: shown.map((v) => v.probation),
    series,
    latest: newest ? wireVerdict(newest) : null,
    peak: peak ? wireVerdict(peak) : null,
  };
}

/** The usual distance between window starts; undefined for fewer than two. */
function spacing(verdicts: readonly StoredVerdict[]): number | undefined {
  let least: number | undefined;
  for (let i = 1; i < verdicts.length; i++) {
    const distance = verdicts[i]!.windowStartMs - verdicts[i - 1]!.windowStartMs;
    if (distance > 0 && (least === undefined || distance < least)) least = distance;
  }
  return least;
}

function mostSevere(verdicts: readonly StoredVerdict[], stepMs: number): StoredVerdict[] {
  const out: StoredVerdict[] = [];
  let bucket = Number.NaN;
  for (const verdict of verdicts) {
    const mine = Math.floor(verdict.windowStartMs / stepMs);
    if (mine !== bucket) out.push(verdict);
    else if (verdict.severity > out.at(-1)!.severity) out[out.length - 1] = verdict;
    bucket = mine;
  }
  return out;
}

/** Features of the newest window first, then those that only older windows have. */
function featureColumns(verdicts: readonly StoredVerdict[]): string[] {
  const columns = new Set<string>();
  let last: readonly string[] | undefined;
  for (let i = verdicts.length - 1; i >= 0; i--) {
    const { features } = verdicts[i]!.readings;
    if (features === last) continue;
    for (const feature of features) columns.add(feature);
    last = features;
  }
  return [...columns];
}
