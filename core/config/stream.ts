import { z } from 'zod';
import { duration } from './duration.ts';
import { suppressRule } from './notify.ts';
import { policyConfig, profileConfig } from './policy.ts';

/**
 * How one stream is windowed, turned into features, scored and trained. The defaults are the product: evaluation,
 * benchmarks and workers all use them, and reports carry their hash (core/config/hash.ts).
 */
export const AGGREGATIONS = [
  'mean',
  'min',
  'max',
  'last',
  'first',
  'count',
  'sum',
  'stddev',
  'range',
  'slope',
  'change',
  'lag',
  'residual',
  'level',
  'ratio',
  'log',
  'missing_share',
  'since_change',
  'since_event',
  'hour_sin',
  'hour_cos',
  'day_sin',
  'day_cos',
] as const;

const pattern = z.string().min(1).max(256);

export const featureRule = z
  .strictObject({
    metric: pattern.default('*').describe('Metric name; * stands for any run of characters.'),
    aggregation: z
      .enum(AGGREGATIONS)
      .describe('What is computed of the metric in the window; see docs/reference/features.md.'),
    lag: z.int().min(1).max(64).default(1).describe('For lag and change: how many windows back.'),
    by: pattern.optional().describe('For ratio: the metric to divide by.'),
  })
  .refine((rule) => rule.aggregation !== 'ratio' || rule.by !== undefined, {
    message: 'a ratio needs `by`, the metric to divide by',
    path: ['by'],
  });

export const windowConfig = z
  .strictObject({
    size: duration(100).default(10_000).describe('Length of a window in event time.'),
    hop: duration(100)
      .optional()
      .describe('Distance between window starts; less than size makes windows slide. Default: size (tumbling).'),
    allowedLateness: duration()
      .default(2_000)
      .describe('How long a window stays open for late points after newer ones have come.'),
    maxSkew: duration()
      .default(60_000)
      .describe('How far ahead of its append time a point may be; further ahead it is a dead letter.'),
  })
  .transform((w) => ({
    sizeMs: w.size,
    hopMs: w.hop ?? w.size,
    allowedLatenessMs: w.allowedLateness,
    maxSkewMs: w.maxSkew,
  }))
  .refine((w) => w.sizeMs % w.hopMs === 0, { message: 'size must be a multiple of hop', path: ['hop'] })
  .refine((w) => (w.sizeMs + w.allowedLatenessMs) / w.hopMs <= 1440, {
    message: 'size and allowedLateness together must be at most 1440 hops, which bounds the open windows of an entity',
    path: ['hop'],
  });

export const missingConfig = z.strictObject({
  mode: z
    .enum(['ignore', 'previous', 'zero'])
    .default('ignore')
    .describe(
      'What stands for a metric that sent nothing in a window: nothing (it has no evidence), its previous value, or 0.',
    ),
  absence: z.boolean().default(true).describe('Whether an entity that stops reporting is itself an anomaly.'),
  absenceWindows: z
    .int()
    .min(2)
    .max(10_000)
    .default(6)
    .describe('Empty windows, at least, before absence; it also waits five times the longest recent gap.'),
});

export const limitsConfig = z.strictObject({
  entities: z.int().min(1).max(1_000_000).default(100_000).describe('Entities a partition holds at most.'),
  metricsPerEntity: z.int().min(1).max(4096).default(256).describe('Metrics an entity has at most.'),
  pointsPerWindow: z.int().min(1).max(100_000).default(4096).describe('Points of one metric in one pane, at most.'),
});

export const detectorConfig = z.strictObject({
  trees: z.int().min(1).max(1000).default(50).describe('Trees of the isolation forest.'),
  sampleSize: z.int().min(2).max(4096).default(256).describe('Rows drawn without replacement for each tree.'),
  maxDepth: z.int().min(1).max(24).default(8).describe('Depth at which a tree stops.'),
  splitFeatures: z
    .int()
    .min(1)
    .max(3)
    .default(3)
    .describe('Features in one oblique split; 1 makes splits axis-parallel.'),
  alertRate: z
    .number()
    .min(1e-6)
    .max(0.2)
    .default(0.001)
    .describe('Share of normal windows that may exceed severity 1.'),
  seed: z.int().default(1).describe('Seed of everything random in training.'),
});

export const incidentConfig = z.strictObject({
  openAfter: z.int().min(1).max(1000).default(2).describe('Anomalous windows that open an incident …'),
  openWithin: z.int().min(1).max(64).default(3).describe('… within this many windows.'),
  closeAfter: z.int().min(1).max(1000).default(6).describe('Quiet windows in a row that resolve it.'),
});

export const trainingConfig = z.strictObject({
  windows: z
    .int()
    .min(64)
    .max(1_000_000)
    .default(720)
    .describe('Windows of history after which a stream without a model trains its first one.'),
  minWindows: z
    .int()
    .min(64)
    .max(1_000_000)
    .default(256)
    .describe('Fewer windows of an entity than this give it no profile of its own.'),
  maxWindows: z
    .int()
    .min(256)
    .max(10_000_000)
    .default(200_000)
    .describe('Newest windows of an entity that training reads at most.'),
});

export const streamConfig = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a lower-case name of letters, digits, _ and -')
      .describe('Name of the stream.'),
    topic: z.string().min(1).max(249).optional().describe('Topic it is read from. Default: its name.'),
    encoding: z
      .enum(['tidewatch_json', 'influx', 'otlp_proto', 'otlp_json', 'telegraf_json'])
      .default('tidewatch_json')
      .describe('Encoding of its records; see docs/reference/formats.md.'),
    timestampUnit: z
      .enum(['ns', 'us', 'ms', 's'])
      .default('s')
      .describe("Unit of the timestamps of Telegraf's JSON; the other encodings say it themselves."),
    entityTags: z
      .array(z.string().min(1))
      .min(1)
      .default(['entity', 'host', 'service', 'device', 'service.name', 'k8s.pod.name', 'host.name'])
      .describe('Tags, and resource attributes of OTLP, that name the entity; the first one present wins.'),
    metrics: z
      .strictObject({
        include: z.array(pattern).default(['*']).describe('Metrics to watch.'),
        exclude: z.array(pattern).default([]).describe('Metrics to leave out; they count as filtered.'),
      })
      .prefault({}),
    window: windowConfig.prefault({}),
    schemaVersion: z
      .int()
      .min(1)
      .max(0x7fffffff)
      .default(1)
      .describe('Raise it when features change, so that old and new verdicts stay apart.'),
    features: z
      .array(featureRule)
      .min(1)
      .max(64)
      .prefault([{ aggregation: 'mean' }])
      .describe('Features of a window, in this order.'),
    missing: missingConfig.prefault({}),
    limits: limitsConfig.prefault({}),
    detector: detectorConfig.prefault({}),
    incidents: incidentConfig.prefault({}),
    training: trainingConfig.prefault({}),
    profile: profileConfig.prefault({}),
    policy: policyConfig.prefault({}),
    suppress: z
      .array(suppressRule)
      .max(64)
      .default([])
      .describe('Incidents that nobody is notified of; verdicts and incidents stay as they are.'),
  })
  .transform((s) => ({ ...s, topic: s.topic ?? s.name }));

export type FeatureRule = z.output<typeof featureRule>;
export type Aggregation = (typeof AGGREGATIONS)[number];
export type WindowConfig = z.output<typeof windowConfig>;
export type StreamConfig = z.output<typeof streamConfig>;
export type DetectorConfig = z.output<typeof detectorConfig>;
