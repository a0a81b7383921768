import { METRIC_LABELS, METRICS, type MetricInfo, PROCESS_METRICS } from '../core/metrics.ts';

/** Prometheus' own, which every server has. */
const PROMETHEUS_METRICS: ReadonlySet<string> = new Set(['up', 'ALERTS']);
/** Labels that Prometheus adds, and those of its alerts. */
const PROMETHEUS_LABELS: ReadonlySet<string> = new Set(['job', 'instance', 'le', 'alertname', 'alertstate']);

const KEYWORDS: ReadonlySet<string> = new Set(
  'and or unless by without on ignoring group_left group_right bool offset inf nan start end'.split(' '),
);
const CATALOGUE: ReadonlyMap<string, MetricInfo> = new Map(Object.entries(METRICS));

/** What is wrong with an expression, one line each: metrics that nobody sets, labels that they do not have. */
export function complaintsOf(promql: string): string[] {
  const text = withoutStrings(promql);
  const out = new Set<string>();
  for (const [, name, labels = ''] of text.matchAll(/([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g)) {
    const known = labelsOf(name!);
    for (const [, label] of labels.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (known !== null && !known.has(label!)) out.add(`${name} has no label ${label}`);
  }
  for (const [, list] of text.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g))
    for (const label of list!.split(',').map((l) => l.trim()))
      if (label !== '' && !Object.hasOwn(METRIC_LABELS, label) && !PROMETHEUS_LABELS.has(label))
        out.add(`no metric has a label ${label}`);
  for (const name of namesIn(text)) if (labelsOf(name) === null) out.add(`no metric is called ${name}`);
  return [...out];
}

/** Metrics that an expression names, without what a histogram adds to its name. */
export function metricsOf(promql: string): string[] {
  return [...new Set(namesIn(withoutStrings(promql)).map(baseOf))];
}

const withoutStrings = (promql: string): string => promql.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');

function namesIn(text: string): string[] {
  const bare = text
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replace(/\${?\w+\}?/g, ' ');
  const found = [...bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)(\s*\()?/g)];
  return found.flatMap(([, name, call]) => (call === undefined && !KEYWORDS.has(name!.toLowerCase()) ? [name!] : []));
}

/** Labels of a metric with those of the target; null: there is no such metric. */
function labelsOf(name: string): ReadonlySet<string> | null {
  if (PROMETHEUS_METRICS.has(name)) return new Set([...PROMETHEUS_LABELS, ...Object.keys(METRIC_LABELS)]);
  if (PROCESS_METRICS.test(name)) return PROMETHEUS_LABELS;
  const info = CATALOGUE.get(baseOf(name));
  return info === undefined ? null : new Set([...PROMETHEUS_LABELS, ...info.labels]);
}

function baseOf(name: string): string {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return CATALOGUE.get(base)?.type === 'histogram' ? base : name;
}
