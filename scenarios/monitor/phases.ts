import type { Incident, Verdict } from '../../core/types.ts';
import { PHASES, type PhaseFigures, type PhaseName } from './result.ts';

interface Counts {
  windows: number;
  points: number;
  alerts: number;
  /** Of the forest, off probation: those that the alert rate is about. */
  judged: number;
  judgedAlerts: number;
  fallback: number;
}

/** What was served before, during and after the trouble, in event time. */
export class PhaseCounts {
  readonly #counts: Record<PhaseName, Counts>;
  readonly #at: { fromMs: number; troubleMs: number; overMs: number };

  constructor(at: { fromMs: number; troubleMs: number; overMs: number }) {
    this.#at = at;
    this.#counts = Object.fromEntries(
      PHASES.map((phase) => [phase, { windows: 0, points: 0, alerts: 0, judged: 0, judgedAlerts: 0, fallback: 0 }]),
    ) as Record<PhaseName, Counts>;
  }

  /** null: before service began. */
  of(timeMs: number): PhaseName | null {
    if (timeMs < this.#at.fromMs) return null;
    if (timeMs < this.#at.troubleMs) return 'before';
    return timeMs < this.#at.overMs ? 'during' : 'after';
  }

  points(timeMs: number, points: number): void {
    const phase = this.of(timeMs);
    if (phase !== null) this.#counts[phase].points += points;
  }

  verdict({ windowStartMs, severity, source, probation }: Verdict): void {
    const phase = this.of(windowStartMs);
    if (phase === null) return;
    const counts = this.#counts[phase];
    counts.windows++;
    if (severity > 1) counts.alerts++;
    if (source === 'fallback') counts.fallback++;
    else if (!probation) {
      counts.judged++;
      if (severity > 1) counts.judgedAlerts++;
    }
  }

  figures(
    alertRate: number,
    incidents: Iterable<Incident>,
    recalls: Readonly<Record<PhaseName, number | null>>,
  ): Record<PhaseName, PhaseFigures> {
    const opened = [...incidents].filter(({ kind }) => kind === 'anomaly').map(({ startMs }) => this.of(startMs));
    return Object.fromEntries(
      PHASES.map((phase): [PhaseName, PhaseFigures] => {
        const { windows, points, alerts, judged, judgedAlerts, fallback } = this.#counts[phase];
        return [
          phase,
          {
            windows,
            points,
            alerts,
            alertRatio: judged === 0 ? null : judgedAlerts / (judged * alertRate),
            alertsExpected: judged * alertRate,
            fallbackShare: windows === 0 ? null : fallback / windows,
            incidents: opened.filter((one) => one === phase).length,
            recall: recalls[phase],
          },
        ];
      }),
    ) as Record<PhaseName, PhaseFigures>;
  }
}
