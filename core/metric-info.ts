import { FIGURE_NAMES } from './figures.ts';
import { LOG_LEVELS } from './log-level.ts';
import { CAUSES, SPANS } from './triggers.ts';
import { DISPOSITIONS } from './types.ts';

/** A label: what it says, and its values where those are a closed list. None of them names an entity. */
export interface LabelInfo {
  means: string;
  values?: readonly string[];
}

const ENCODINGS = ['tidewatch_json', 'influx', 'otlp_proto', 'otlp_json', 'telegraf_json'] as const;

/** Every label that a metric may have. What is not a closed list is bounded by the configuration or by code. */
export const METRIC_LABELS = {
  stream: { means: 'a stream of the configuration, at most 64' },
  topic: { means: 'the topic of a stream' },
  partition: { means: 'a partition that the process owns; its series go when it does' },
  disposition: { means: 'what became of a point', values: DISPOSITIONS },
  encoding: { means: 'how the stream says its records are encoded', values: ENCODINGS },
  looks_like: { means: 'how a refused record seems to be encoded', values: ENCODINGS },
  outcome: { means: 'how it ended', values: ['decoded', 'refused', 'normal', 'anomalous', 'accepted', 'unavailable'] },
  source: { means: 'which scorer judged', values: ['forest', 'fallback'] },
  level: { means: 'level of a log event', values: LOG_LEVELS },
  stage: { means: 'where it failed: in the bytes, or in the windows', values: ['decode', 'window'] },
  code: { means: 'a code of errors.md' },
  model: { means: 'id of a model' },
  role: { means: 'what the model is to the stream', values: ['champion', 'challenger'] },
  sha256: { means: "hash of the model's artifact" },
  feature: { means: 'a feature, the fifty that have shifted most' },
  figure: { means: 'a figure of figures.md', values: FIGURE_NAMES },
  span: { means: 'how far back the figure looks', values: SPANS },
  bound: { means: 'which side of a limit or of an interval', values: ['low', 'high'] },
  cause: { means: 'why figures moved; see drift.md', values: CAUSES },
  action: { means: 'what was decided' },
  trigger: { means: 'a trigger of triggers.md, or none' },
  result: { means: 'what came of a decision', values: ['done', 'held', 'dry_run', 'refused'] },
  version: { means: 'version of Tidewatch' },
  node: { means: 'version of Node.js' },
} as const satisfies Record<string, LabelInfo>;

export type MetricLabel = keyof typeof METRIC_LABELS;
export type MetricUnit =
  | 'seconds'
  | 'bytes'
  | 'records'
  | 'points'
  | 'events'
  | 'entities'
  | 'count'
  | 'ratio'
  | 'flag';

export interface MetricInfo {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  unit: MetricUnit;
  labels: readonly MetricLabel[];
  /** Upper bounds of a histogram, ascending. */
  buckets?: readonly number[];
  /** Which processes have it. */
  setBy: 'worker' | 'worker, up' | 'monitor, up' | 'worker, monitor, up';
  /** Version that first had it. */
  since: string;
}
