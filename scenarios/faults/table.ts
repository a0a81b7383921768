/**
 * Every fault that can be put into telemetry. docs/reference/faults.md, the console and the CLI read this table, so a
 * new fault is a row here and a case in transform.ts (values) or injector.ts (samples).
 */
const MINUTE_MS = 60_000;

export interface FaultSpec {
  name: string;
  title: string;
  description: string;
  /** What it alters: one metric's values, the entity's samples, or the encoded bytes. */
  strikes: 'metric' | 'sample' | 'bytes';
  /** Metrics it can strike, most fitting first; where none fits, any metric is taken. */
  prefers: readonly RegExp[];
  defaultMagnitude: number;
  defaultDurationMs: number;
  /** What the magnitude does. */
  magnitude: string;
  /** What an operator should see. */
  expect: string;
  /** What becomes of the points, when they are not simply applied. */
  dispositions: string;
}

const SIZES = /(^|_)(memory|mem|heap|rss|swap|disk|used|bytes)(_|$)/i;
const LATENCIES = /(^|_)(latency|duration|response|delay|wait)(_|$)/i;
const RATES = /(^|_)(requests?|rps|qps|throughput|traffic|rate|rx|tx|connections|per_s)(_|$)/i;
const SENSORS = /(^|_)(cpu|temperature|temp|load|pressure|voltage|humidity)(_|$)/i;

const APPLIED = 'Applied.';

export const FAULTS = [
  {
    name: 'leak',
    title: 'Leak',
    description: 'A resource is taken and never given back: the value grows in a straight line until the fault ends.',
    strikes: 'metric',
    prefers: [/memory|heap|rss/i, SIZES, /queue|connections|handles|threads/i],
    defaultMagnitude: 1,
    defaultDurationMs: 10 * MINUTE_MS,
    magnitude: '1 adds a quarter of the usual level a minute.',
    expect: 'The metric leaves its band within a minute and its severity keeps rising.',
    dispositions: APPLIED,
  },
  {
    name: 'latency_step',
    title: 'Latency step',
    description: 'Everything takes longer from one moment to the next, as after a bad release or a slow dependency.',
    strikes: 'metric',
    prefers: [LATENCIES],
    defaultMagnitude: 1,
    defaultDurationMs: 10 * MINUTE_MS,
    magnitude: '1 triples the value; m multiplies it by 3 to the power of m.',
    expect: 'An incident within two or three windows that names the latency first.',
    dispositions: APPLIED,
  },
  {
    name: 'traffic_drop',
    title: 'Traffic drop',
    description: 'Most requests no longer arrive, as after a routing mistake or an outage upstream.',
    strikes: 'metric',
    prefers: [RATES],
    defaultMagnitude: 1,
    defaultDurationMs: 10 * MINUTE_MS,
    magnitude: '1 leaves a fifth of the value; m leaves 0.2 to the power of m.',
    expect: 'An incident within two or three windows that names the request rate first.',
    dispositions: APPLIED,
  },
  {
    name: 'stuck_sensor',
    title: 'Stuck sensor',
    description: 'The value freezes at what it was when the fault began.',
    strikes: 'metric',
    prefers: [SENSORS, RATES, LATENCIES],
    defaultMagnitude: 1,
    defaultDurationMs: 30 * MINUTE_MS,
    magnitude: '1 freezes the value; below 1, that share of its movement is lost.',
    expect: 'The metric no longer follows the others; seen when they move, so it may take minutes.',
    dispositions: APPLIED,
  },
  {
    name: 'unit_change',
    title: 'Unit change',
    description: 'A sender starts to report in another unit: × 1024 for sizes in bytes, × 1000 for everything else.',
    strikes: 'metric',
    prefers: [SIZES, LATENCIES],
    defaultMagnitude: 1,
    defaultDurationMs: 10 * MINUTE_MS,
    magnitude: '1 is the full factor; m raises it to the power of m.',
    expect: 'Extreme severity in the first window, on one metric alone.',
    dispositions: APPLIED,
  },
  {
    name: 'slow_drift',
    title: 'Slow drift',
    description: 'The level creeps upwards, too slowly for any single window to stand out.',
    strikes: 'metric',
    prefers: [LATENCIES, SENSORS],
    defaultMagnitude: 1,
    defaultDurationMs: 120 * MINUTE_MS,
    magnitude: '1 adds a hundredth of the usual level a minute.',
    expect: 'Nothing at first; the metric leaves its band after ten minutes or more.',
    dispositions: APPLIED,
  },
  {
    name: 'silence',
    title: 'Silence',
    description: 'The entity stops sending.',
    strikes: 'sample',
    prefers: [],
    defaultMagnitude: 1,
    defaultDurationMs: 10 * MINUTE_MS,
    magnitude: '1 drops every sample; below 1, that share of them.',
    expect: 'An absence incident, which closes when the entity returns.',
    dispositions: 'None: the points never arrive.',
  },
  {
    name: 'dropped_metric',
    title: 'Dropped metric',
    description: 'One metric is no longer sent; the others go on.',
    strikes: 'metric',
    prefers: [],
    defaultMagnitude: 1,
    defaultDurationMs: 10 * MINUTE_MS,
    magnitude: '1 drops every point of the metric; below 1, that share of them.',
    expect: 'The metric shows a gap; its missing share rises and it has no evidence meanwhile.',
    dispositions: 'None for the metric: its points never arrive. The others are applied.',
  },
  {
    name: 'delayed',
    title: 'Delayed data',
    description: 'Samples arrive late, in their order, as from a sender that buffers behind a slow link.',
    strikes: 'sample',
    prefers: [],
    defaultMagnitude: 1,
    defaultDurationMs: 10 * MINUTE_MS,
    magnitude: '1 delays by 60 seconds, and in proportion.',
    expect: 'The late count rises and windows of the entity stay empty; after six of them it counts as absent.',
    dispositions: 'Late, once the delay exceeds the time for which a window stays open.',
  },
  {
    name: 'truncated',
    title: 'Truncated data',
    description: 'Records are cut off in the middle, as by a full disk or a broken proxy.',
    strikes: 'bytes',
    prefers: [],
    defaultMagnitude: 1,
    defaultDurationMs: 10 * MINUTE_MS,
    magnitude: '1 cuts every record; below 1, that share of them.',
    expect: 'Dead letters with record_not_json, and windows of the entity stay empty.',
    dispositions: 'One dead letter for each record that was cut.',
  },
] as const satisfies readonly FaultSpec[];

export type FaultName = (typeof FAULTS)[number]['name'];

export const FAULT_BY_NAME: ReadonlyMap<string, FaultSpec & { name: FaultName }> = new Map(
  FAULTS.map((fault) => [fault.name, fault]),
);

/** The metrics of an entity that a fault may strike, most fitting first; empty when it strikes the whole entity. */
export function fittingMetrics(spec: FaultSpec, metrics: readonly string[]): string[] {
  if (spec.strikes !== 'metric') return [];
  const fitting = spec.prefers.flatMap((pattern) => metrics.filter((metric) => pattern.test(metric)));
  return fitting.length > 0 ? [...new Set(fitting)] : [...metrics];
}
