import type { EntityWindows } from './entity-windows.ts';
import { type Injected, type InjectedEvent, inject } from './injected.ts';

/** Share of clean windows that each detector may call anomalous, at least: with fewer alerts the threshold would be chance. */
export const LEAST_BUDGET = 0.005;

/** Windows as they were, and with anomalies laid over them: what detectors are compared on. */
export interface InjectedSet {
  windows: readonly EntityWindows[];
  injected: readonly Injected[];
}

export const injectedSet = (windows: readonly EntityWindows[], seed: number): InjectedSet => ({
  windows,
  injected: windows.map((one) => inject(one, seed)),
});

export const eventsOf = (set: InjectedSet): InjectedEvent[] => set.injected.flatMap(({ events }) => events);

/** Judged windows that count as normal. */
export function cleanCount(windows: readonly EntityWindows[]): number {
  let n = 0;
  for (const { clean, warmUp } of windows) for (let i = warmUp; i < clean.length; i++) n += clean[i]!;
  return n;
}

/** How one detector did. */
export interface Lane {
  /** Scores of the judged rows of each entity, without anomalies. */
  scores: readonly Float64Array[];
  /** Of the clean windows among them, in any order. */
  clean: Float64Array;
  /** 1 for each event with a window above the threshold; the order of eventsOf. */
  caught: Float64Array;
  recall: number;
}

/**
 * Recall on the injected anomalies at an equal alert budget: the threshold is where the same number of clean windows,
 * for every detector, is above it. An event is found when one of its windows is. NaN without events.
 */
export function laneOf(set: InjectedSet, alertRate: number, score: (windows: EntityWindows) => Float64Array): Lane {
  const scores = set.windows.map(score);
  const clean: number[] = [];
  set.windows.forEach(({ clean: flags, warmUp }, e) => {
    scores[e]!.forEach((x, i) => {
      if (flags[warmUp + i] === 1) clean.push(x);
    });
  });
  const sorted = Float64Array.from(clean).sort();
  const threshold = sorted[sorted.length - 1 - budgetOf(sorted.length, alertRate)] ?? Number.POSITIVE_INFINITY;
  const caught: number[] = [];
  for (const { windows, events } of set.injected) {
    if (events.length === 0) continue;
    const struck = score(windows);
    for (const { from, to } of events) caught.push(struck.subarray(from, to).some((x) => x > threshold) ? 1 : 0);
  }
  return { scores, clean: sorted, caught: Float64Array.from(caught), recall: mean(caught) };
}

/** Alerts that each detector has on so many clean windows. */
export const budgetOf = (windows: number, alertRate: number): number =>
  Math.max(1, Math.round(windows * Math.max(alertRate, LEAST_BUDGET)));

/** What guessing finds on average: each window is called with the share of the budget. */
export function randomRecall(set: InjectedSet, alertRate: number): number {
  const windows = cleanCount(set.windows);
  const share = Math.min(1, budgetOf(windows, alertRate) / windows);
  return mean(eventsOf(set).map(({ from, to }) => 1 - (1 - share) ** (to - from)));
}

/** NaN for nothing. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
