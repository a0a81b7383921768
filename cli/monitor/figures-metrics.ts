import { CONTROLLER_STATES } from '../../core/controller-state.ts';
import { FIGURES, type FigureName } from '../../core/figures.ts';
import type { GaugeName, LabelsOf } from '../../core/metrics.ts';
import { CAUSES, SPANS } from '../../core/triggers.ts';
import type { Figure, FigureStatus, Observation } from '../../monitor/observation.ts';
import type { Decision, MonitorState } from '../../monitor/types.ts';
import type { Metrics } from '../metrics/ports.ts';

/** Features of a stream that have series, those that have shifted most: a stream may have a thousand. */
export const MAX_FEATURES = 50;
const STATUS: Record<FigureStatus, number> = { ok: 0, warn: 1, drift: 2, unknown: 3 };

/** As tidewatch_controller_state shows it. */
export function controllerCode({ suspended, hold, rollout }: MonitorState): number {
  if (suspended) return CONTROLLER_STATES.suspended;
  return CONTROLLER_STATES[hold !== null && rollout.phase === 'idle' ? 'held' : rollout.phase];
}

type Series<N extends GaugeName> = [labels: LabelsOf<N>, value: number][];
const orNaN = (value: number | null | undefined): number => value ?? Number.NaN;

function boundsOf(figure: FigureName, limit: Figure['limit']): [bound: 'low' | 'high', value: number][] {
  if (limit === null) return [];
  if (typeof limit === 'number') return [[FIGURES[figure].worse === 'low' ? 'low' : 'high', limit]];
  return [
    ['low', limit[0]],
    ['high', limit[1]],
  ];
}

/** What the process that decides shows of its streams; a process that stands by shows nothing of them. */
export class FiguresMetrics {
  readonly #metrics: Metrics;
  readonly #observations = new Map<string, Observation>();
  readonly #states = new Map<string, MonitorState>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    metrics.set('tidewatch_monitor_active', {}, 0);
    for (const outcome of ['accepted', 'refused', 'unavailable']) {
      metrics.count('tidewatch_webhooks_total', { outcome }, 0);
      metrics.count('tidewatch_notifications_total', { outcome }, 0);
    }
  }

  /** Begins, or ends, to decide. */
  active(active: boolean): void {
    this.#metrics.set('tidewatch_monitor_active', {}, active ? 1 : 0);
    this.#observations.clear();
    this.#states.clear();
    this.#show();
  }

  observed(observation: Observation): void {
    this.#observations.set(observation.stream, observation);
    this.#show();
  }

  state(state: MonitorState): void {
    this.#states.set(state.stream, state);
    const of = [...this.#states.values()];
    this.#metrics.replace(
      'tidewatch_controller_state',
      of.map((one): [{ stream: string }, number] => [{ stream: one.stream }, controllerCode(one)]),
    );
  }

  decided(decisions: readonly Decision[]): void {
    for (const { stream, action, trigger, result } of decisions)
      this.#metrics.count('tidewatch_decisions_total', { stream, action, trigger: trigger ?? 'none', result });
  }

  #show(): void {
    const metrics = this.#metrics;
    const all = [...this.#observations.values()];
    const byStream = (value: (observation: Observation) => number) =>
      all.map((one): [{ stream: string }, number] => [{ stream: one.stream }, value(one)]);
    const ofInterval = (figure: FigureName) => byStream(({ spans }) => orNaN(spans.interval[figure]?.value));
    metrics.replace(
      'tidewatch_figures_timestamp_seconds',
      byStream(({ atMs }) => atMs * 0.001),
    );
    metrics.replace('tidewatch_alert_rate_ratio', ofInterval('alert_rate_ratio'));
    metrics.replace('tidewatch_calibration_ece', ofInterval('ece'));
    metrics.replace('tidewatch_pvalue_uniformity', ofInterval('uniformity'));
    metrics.replace(
      'tidewatch_cause',
      all.flatMap(({ stream, cause }) =>
        CAUSES.map((kind): Series<'tidewatch_cause'>[number] => [{ stream, cause: kind }, kind === cause.kind ? 1 : 0]),
      ),
    );
    this.#showFigures(all);
    this.#showFeatures(all);
    if (all.length === 0) metrics.replace('tidewatch_controller_state', []);
  }

  #showFigures(all: readonly Observation[]): void {
    const figures: Series<'tidewatch_figure'> = [];
    const limits: Series<'tidewatch_figure_limit'> = [];
    const intervals: Series<'tidewatch_figure_interval'> = [];
    for (const { stream, spans } of all)
      for (const span of SPANS)
        for (const [figure, found] of Object.entries(spans[span]) as [FigureName, Figure][]) {
          const labels = { stream, figure, span };
          // a value of too few data is no value to a trigger, and so to a rule
          if (found.value === null || found.status === 'unknown') continue;
          figures.push([labels, found.value]);
          for (const [bound, value] of boundsOf(figure, found.limit)) limits.push([{ ...labels, bound }, value]);
          if (found.interval === undefined) continue;
          intervals.push([{ ...labels, bound: 'low' }, found.interval[0]]);
          intervals.push([{ ...labels, bound: 'high' }, found.interval[1]]);
        }
    this.#metrics.replace('tidewatch_figure', figures);
    this.#metrics.replace('tidewatch_figure_limit', limits);
    this.#metrics.replace('tidewatch_figure_interval', intervals);
  }

  #showFeatures(all: readonly Observation[]): void {
    const psi: Series<'tidewatch_drift_psi'> = [];
    const ks: Series<'tidewatch_drift_ks'> = [];
    const status: Series<'tidewatch_drift_status'> = [];
    for (const { stream, features } of all) {
      const most = [...features].sort((a, b) => (b.psi ?? -1) - (a.psi ?? -1) || (a.feature < b.feature ? -1 : 1));
      for (const one of most.slice(0, MAX_FEATURES)) {
        const labels = { stream, feature: one.feature };
        psi.push([labels, orNaN(one.psi)]);
        ks.push([labels, orNaN(one.ks)]);
        status.push([labels, STATUS[one.status]]);
      }
    }
    this.#metrics.replace('tidewatch_drift_psi', psi);
    this.#metrics.replace('tidewatch_drift_ks', ks);
    this.#metrics.replace('tidewatch_drift_status', status);
  }
}
