import { bootstrap, type Interval } from '../../core/stats/bootstrap.ts';
import { type AlertCount, FIGURES, type Figure, type Figures } from './figures.ts';
import { groupBy, mean, standardDeviation } from './groups.ts';
import type { PackSet } from './pack.ts';

/** The detectors that are measured beside each other. */
export const DETECTORS = ['tidewatch', 'robust_z', 'random'] as const;
export type Detector = (typeof DETECTORS)[number];

/** From this share of the detector's VUS-PR on, medians alone would nearly do, and the report says so. */
export const ROBUST_Z_SHARE = 0.9;
/** A detector must be this much better than random in VUS-PR, or the report says so. */
export const LEAST_LEAD = 0.1;
/** Observed over configured alert rate that counts as kept. */
export const ALERT_RATIO: Interval = [0.5, 2];

/** One entity or series, measured. */
export interface SeriesReport {
  set: PackSet;
  entity: string;
  family: string;
  rows: number;
  anomalies: number;
  /** Rows of buffer that VUS goes up to. */
  window: number;
  /** First seed; null where there is no anomaly, or nothing else. */
  figures: Record<Detector, Figures> | null;
  /** The detector's, seed by seed. */
  seeds: Figures[];
  alerts: Record<Detector, AlertCount>;
  /** Share of rows that the forest judged. */
  forestShare: number;
  trainMs: number;
  rowUs: number;
  artifactBytes: number;
}

export interface Estimate {
  mean: number;
  interval: Interval;
}

export interface SetReport {
  set: PackSet;
  entities: number;
  scored: number;
  families: number;
  byEntity: Record<Detector, Record<Figure, Estimate>>;
  byFamily: Record<Detector, Record<Figure, Estimate>>;
  /** Of the mean over entities, over the seeds. */
  seeds: Record<Figure, { mean: number; sd: number }>;
  alertRate: { configured: number; observed: number; ratio: number; interval: Interval; kept: boolean };
  forestShare: number;
  trainMs: number;
  rowUs: number;
  artifactBytes: number;
  /** What a reader should not miss, in words. */
  findings: string[];
}

const FIGURE_NAMES = Object.keys(FIGURES) as Figure[];
const perFigure = <T>(make: (figure: Figure) => T): Record<Figure, T> =>
  Object.fromEntries(FIGURE_NAMES.map((figure) => [figure, make(figure)])) as Record<Figure, T>;
const perDetector = <T>(make: (detector: Detector) => T): Record<Detector, T> =>
  Object.fromEntries(DETECTORS.map((detector) => [detector, make(detector)])) as Record<Detector, T>;

/** Sums up the series of one set. Intervals: 95 %, bootstrap over entities or families. */
export function summarise(series: readonly SeriesReport[], alertRate: number, seed: number): SetReport {
  const scored = series.filter((one) => one.figures !== null);
  const families = [...groupBy(scored, (one) => one.family).values()];
  const estimate = <T>(units: readonly T[], figureOf: (unit: T) => number): Estimate => {
    const values = units.map(figureOf);
    return { mean: mean(values), interval: bootstrap(values, mean, seed) };
  };
  const byEntity = perDetector((d) => perFigure((f) => estimate(scored, (one) => one.figures![d][f])));
  const byFamily = perDetector((d) =>
    perFigure((f) => estimate(families, (family) => mean(family.map((one) => one.figures![d][f])))),
  );
  const seedCount = Math.min(...scored.map((one) => one.seeds.length), Number.MAX_SAFE_INTEGER);
  const seeds = perFigure((f) => {
    const means = Array.from({ length: scored.length === 0 ? 0 : seedCount }, (_, s) =>
      mean(scored.map((one) => one.seeds[s]![f])),
    );
    return { mean: mean(means), sd: standardDeviation(means) };
  });
  const ratioOf = (drawn: readonly SeriesReport[]): number => {
    const total = { normal: 0, alarmed: 0 };
    for (const { alerts } of drawn) {
      total.normal += alerts.tidewatch.normal;
      total.alarmed += alerts.tidewatch.alarmed;
    }
    return total.alarmed / total.normal / alertRate;
  };
  const ratio = ratioOf(series);
  const summary: SetReport = {
    set: series[0]!.set,
    entities: series.length,
    scored: scored.length,
    families: families.length,
    byEntity,
    byFamily,
    seeds,
    alertRate: {
      configured: alertRate,
      observed: ratio * alertRate,
      ratio,
      interval: bootstrap(series, ratioOf, seed),
      kept: ratio >= ALERT_RATIO[0] && ratio <= ALERT_RATIO[1],
    },
    forestShare: mean(series.map((one) => one.forestShare)),
    trainMs: mean(series.map((one) => one.trainMs)),
    rowUs: mean(series.map((one) => one.rowUs)),
    artifactBytes: Math.max(...series.map((one) => one.artifactBytes)),
    findings: [],
  };
  summary.findings = findingsOf(summary);
  return summary;
}

function findingsOf({ set, byEntity, alertRate }: SetReport): string[] {
  const findings: string[] = [];
  const vus = perDetector((d) => byEntity[d].vus_pr.mean);
  const said = (x: number) => x.toFixed(3);
  if (vus.robust_z >= ROBUST_Z_SHARE * vus.tidewatch) {
    findings.push(
      `${set}: robust z reaches ${Math.round((100 * vus.robust_z) / vus.tidewatch)} % of the detector's VUS-PR ` +
        `(${said(vus.robust_z)} and ${said(vus.tidewatch)}).`,
    );
  }
  if (vus.tidewatch - vus.random < LEAST_LEAD) {
    findings.push(
      `${set}: the detector does not beat random by ${LEAST_LEAD} in VUS-PR (${said(vus.tidewatch)} and ${said(vus.random)}).`,
    );
  }
  if (!alertRate.kept) {
    findings.push(
      `${set}: normal rows alarm ${alertRate.ratio.toFixed(2)} times as often as configured, ` +
        `outside ${ALERT_RATIO.join(' to ')}.`,
    );
  }
  return findings;
}
