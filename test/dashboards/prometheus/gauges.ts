import { PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { FiguresMetrics } from '../../../cli/monitor/figures-metrics.ts';
import { CONTROLLER_STATES } from '../../../core/controller-state.ts';
import type { Trigger } from '../../../core/triggers.ts';
import { conditionOf, followed, restingState } from '../../../monitor/decide/evaluate.ts';
import type { Policy } from '../../../monitor/decide/types.ts';
import type { Observation } from '../../../monitor/observation.ts';
import type { Series, Vector } from '../../prometheus.ts';

/** What rules of triggers look at. */
const WANTED = /^(tidewatch_figure(?:_limit|_interval)?|tidewatch_controller_state){(.*)} (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * The series that a Prometheus would have of a monitor that made these looks, one after the other, and shows each until
 * the next: what its /metrics says, scraped every so often. Without a scrape the series ends.
 */
export async function gaugesOf(observations: readonly Observation[], scrapeMs: number): Promise<Series[]> {
  const series = new Map<string, { name: string; labels: Record<string, string>; points: [number, number][] }>();
  const metrics = new PrometheusMetrics({ kind: 'monitor', version: 'test', process: false });
  const shown = new FiguresMetrics(metrics);
  shown.active(true);
  for (const [i, observation] of observations.entries()) {
    shown.observed(observation);
    // in process the phase is asked when a trigger acts, not in its condition
    metrics.set('tidewatch_controller_state', { stream: observation.stream }, CONTROLLER_STATES.watching);
    const untilMs = observations[i + 1]?.atMs ?? observation.atMs + scrapeMs;
    for (const line of (await metrics.text()).split('\n')) {
      const [, name, inBraces, text] = WANTED.exec(line) ?? [];
      if (name === undefined || text === 'NaN' || text === 'Nan') continue;
      const key = `${name}{${inBraces}}`;
      let one = series.get(key);
      if (one === undefined) {
        const labels = Object.fromEntries([...inBraces!.matchAll(LABEL)].map(([, label, value]) => [label!, value!]));
        one = { name, labels, points: [] };
        series.set(key, one);
      }
      for (let atMs = observation.atMs; atMs < untilMs; atMs += scrapeMs) one.points.push([atMs, Number(text)]);
    }
  }
  return [...series.values()];
}

/** Whether something fires at an instant, one instant after the other. */
export type Firing = readonly (readonly [atMs: number, fires: boolean])[];

/** As the controller evaluates a trigger, look by look: it fires while its condition has held for long enough. */
export function firingOfTrigger(trigger: Trigger, observations: readonly Observation[], policy: Policy): Firing {
  let state = restingState();
  return observations.map((observation) => {
    const { atMs } = observation;
    state = followed(state, conditionOf(trigger, observation, policy), atMs);
    return [atMs, state.sinceMs !== null && atMs - state.sinceMs >= trigger.forMs];
  });
}

/**
 * As Prometheus evaluates a rule whose expression had these values (of query_range with this step): active from the
 * first evaluation with a value, firing when that was `forMs` ago, over at the first without.
 */
export function firingOfRule(
  points: readonly Vector['points'][number][],
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
  forMs: number,
): Firing {
  const holds = new Set(points.map(([atMs]) => atMs));
  const fires: [number, boolean][] = [];
  let activeMs: number | null = null;
  for (let atMs = fromMs; atMs <= toMs; atMs += stepMs) {
    activeMs = holds.has(atMs) ? (activeMs ?? atMs) : null;
    fires.push([atMs, activeMs !== null && atMs - activeMs >= forMs]);
  }
  return fires;
}

/** For how long at most two disagree without a break; each stands until its next instant. */
export function apartMs(ours: Firing, theirs: Firing): number {
  let at = 0;
  let sinceMs: number | null = null;
  let most = 0;
  for (const [atMs, fires] of theirs) {
    while (at + 1 < ours.length && ours[at + 1]![0] <= atMs) at++;
    const same = ours[at]![1] === fires || ours[at]![0] > atMs;
    if (!same) sinceMs ??= atMs;
    else if (sinceMs !== null) {
      most = Math.max(most, atMs - sinceMs);
      sinceMs = null;
    }
  }
  return sinceMs === null ? most : Math.max(most, theirs.at(-1)![0] - sinceMs);
}
