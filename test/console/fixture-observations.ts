import type { FigureName } from '../../core/figures.ts';
import { Random } from '../../core/random.ts';
import type { Span } from '../../core/triggers.ts';
import type { Cause, FeatureFigures, Figure, FigureStatus, Figures, Observation } from '../../monitor/observation.ts';
import type { MonitorState } from '../../monitor/types.ts';
import { METRICS } from '../../scenarios/fleet/services.ts';

export const HOUR_MS = 3_600_000;
const INTERVAL_MS = 6 * HOUR_MS;
const WINDOWS = 8_640;
const ENTITIES = 24;
const ALERT_RATE = 0.001;
const FEATURES = METRICS.flatMap((metric) => ['mean', 'max', 'slope'].map((stat) => `${metric}__${stat}__10s`));
const PSI_LIMIT = 0.12;
const KS_LIMIT = 0.09;

/** What happens to the fixture's stream, in hours before the newest grain. */
export const STORY = { gap: [150, 143], dirty: [110, 98], often: [80, 68], drift: [24, -1] } as const;
type Chapter = keyof typeof STORY;

const isIn = (chapter: Chapter, hoursLeft: number): boolean => {
  const [from, to] = STORY[chapter];
  return hoursLeft <= from && hoursLeft > to;
};

/** A believable observation of the grain that ends hoursLeft before the newest. Not computed: it tells a story. */
export function storyObservation(stream: string, atMs: number, hoursLeft: number, state: MonitorState): Observation {
  const random = new Random(Math.round(atMs / HOUR_MS));
  const gap = isIn('gap', hoursLeft);
  const dirty = isIn('dirty', hoursLeft);
  const often = isIn('often', hoursLeft);
  const grown = isIn('drift', hoursLeft) ? Math.min(1, (STORY.drift[0] - hoursLeft + 1) / 6) : 0;
  const features = FEATURES.map((feature) => featureAt(feature, grown, gap, random));
  const figures = (scale: number): Figures =>
    gap ? unknownFigures() : figuresOf({ features, grown, dirty, often, scale, random });
  const { champion, challenger } = state.serving;
  const alerts = (times: number) => Math.round(WINDOWS * ALERT_RATE * times * (0.8 + 0.4 * random.next()));
  const lane = (modelId: string, times: number) => ({ modelId, windows: WINDOWS, alerts: alerts(times), failed: 0 });
  const quality = { late: dirty ? 1.1 : 5, accuracy: dirty ? 0.4 : 5, completeness: dirty ? 3.2 : 4.8 };
  const rounded = quality.late + quality.accuracy + quality.completeness;
  return {
    stream,
    atMs,
    grainMs: HOUR_MS,
    intervalMs: INTERVAL_MS,
    modelId: champion?.modelId ?? '',
    alertRate: ALERT_RATE,
    alertRun: null,
    spans: { grain: figures(1.6), interval: figures(1), day: figures(0.8), week: figures(0.6) } satisfies Record<
      Span,
      Figures
    >,
    features,
    quality: gap
      ? null
      : {
          score: rounded + 12.5,
          dimensions: {
            completeness: quality.completeness,
            accuracy: quality.accuracy,
            consistency: 4.5,
            timeliness: quality.late,
            relevance: 5,
            volume: 3,
          },
          faults: dirty
            ? [
                { fault: 'deadLettered', share: 0.046 },
                { fault: 'late', share: 0.079 },
              ]
            : [{ fault: 'tooFew', share: 0.29 }],
          trainable: rounded + 12.5 >= 18,
        },
    cause: causeOf(gap, dirty, grown),
    champion: gap || champion === null ? null : lane(champion.modelId, often ? 9 : 1 + 4 * grown),
    challenger:
      gap || challenger === null
        ? null
        : {
            ...lane(challenger.modelId, 1),
            share: challenger.share,
            paired: WINDOWS,
            both: 6,
            onlyChampion: alerts(3),
            onlyChallenger: 2,
          },
    windows: gap ? 0 : WINDOWS,
    entities: gap ? 0 : ENTITIES,
  };
}

function featureAt(feature: string, grown: number, gap: boolean, random: Random): FeatureFigures {
  const limits = { missingInTraining: 0.004, psiLimit: PSI_LIMIT, ksLimit: KS_LIMIT };
  const noise = 0.01 + 0.05 * random.next() ** 2;
  if (gap) return { feature, psi: null, ks: null, missing: null, ...limits, status: 'unknown' };
  const weight = feature.startsWith('latency_ms') ? 0.72 : feature.startsWith('queue_depth') ? 0.31 : 0.05;
  const psi = noise + weight * grown * (feature.includes('slope') ? 0.2 : 1);
  const status: FigureStatus = psi > 0.25 ? 'drift' : psi > PSI_LIMIT ? 'warn' : 'ok';
  const missing = 0.003 + 0.002 * random.next();
  return { feature, psi: round(psi), ks: round(psi * 0.55), missing: round(missing), ...limits, status };
}

interface Drawn {
  features: readonly FeatureFigures[];
  grown: number;
  dirty: boolean;
  often: boolean;
  scale: number;
  random: Random;
}

function figuresOf({ features, grown, dirty, often, scale, random }: Drawn): Figures {
  const psi = Math.max(...features.map((f) => f.psi ?? 0)) * scale;
  const ks = Math.max(...features.map((f) => f.ks ?? 0)) * scale;
  const ratio = (often ? 8.2 : 1 + 1.6 * grown) * (0.85 + 0.3 * random.next());
  const half = 0.6 * scale;
  const above = (value: number, limit: number): Figure => ({
    value: round(value),
    limit,
    status: value > limit ? 'drift' : value > 0.7 * limit ? 'warn' : 'ok',
  });
  const share = (usual: number) => usual * (0.7 + 0.6 * random.next());
  return {
    psi_feature: above(psi, 0.25),
    psi_top_feature: above(psi * 0.98, 0.2),
    psi_score: above(0.03 + 0.12 * grown * scale, 0.14),
    ks_feature: above(ks, KS_LIMIT),
    ks_score: above(0.03 + 0.05 * grown * scale, 0.08),
    drift: above((0.4 + 1.9 * grown) * scale, 1),
    drifted_features: above(features.filter((f) => f.status === 'drift').length / features.length, 0.1),
    missing: above(dirty ? 0.05 : 0, 0.05),
    newcomers: above(share(0.004), 0.1),
    data_quality: dirty ? { value: 17.2, limit: 18, status: 'drift' } : { value: 27.3, limit: 18, status: 'ok' },
    late: above(dirty ? 0.079 : share(0.001), 0.01),
    dead_letters: above(dirty ? 0.046 : share(0.0003), 0.01),
    producer_change: { value: 0, limit: 0, status: 'ok' },
    alert_rate_ratio: {
      value: round(ratio),
      limit: [0.35, 2.9],
      interval: [round(ratio / (1 + half)), round(ratio * (1 + half))],
      status: ratio / (1 + half) > 2.9 ? 'drift' : 'ok',
    },
    uniformity: above((often ? 0.16 : 0.03 + 0.04 * grown) * (0.9 + 0.2 * random.next()), 0.08),
    kl_score: above(0.01 + 0.05 * grown, 0.1),
    fallback: above(share(0.002), 0.05),
    errors: above(0, 0.01),
    latency_p99: above(21 + 4 * random.next(), 50),
    model_age: above(19 * 24 * HOUR_MS, 30 * 24 * HOUR_MS),
    figures_age: above(0, 2 * INTERVAL_MS),
  };
}

const UNKNOWN: Figure = { value: null, status: 'unknown', limit: null };
const unknownFigures = (): Figures =>
  Object.fromEntries(
    (['psi_feature', 'psi_top_feature', 'drift', 'alert_rate_ratio', 'uniformity', 'late'] as FigureName[]).map((n) => [
      n,
      UNKNOWN,
    ]),
  );

function causeOf(gap: boolean, dirty: boolean, grown: number): Cause {
  if (gap)
    return { kind: 'missing_data', summary: 'No window came for 7 hours.', evidence: { windows: 0 }, features: [] };
  if (dirty)
    return {
      kind: 'late_data',
      summary: 'More of the points came late than is usual: 7.9 % against 0.1 %.',
      evidence: { late: 0.079, usual: 0.001 },
      features: [],
    };
  if (grown === 0) return { kind: 'none', summary: 'Nothing has moved beyond its limit.', evidence: {}, features: [] };
  return {
    kind: 'sudden_drift',
    summary: 'The distribution of latency_ms and queue_depth changed within six hours and has stayed there.',
    evidence: { features: 4, share: 0.222, psi: 0.751, hours: 24 },
    features: ['latency_ms__mean__10s', 'latency_ms__max__10s', 'queue_depth__mean__10s', 'queue_depth__max__10s'],
  };
}

const round = (x: number): number => Number(x.toPrecision(4));
