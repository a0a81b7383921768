import type { ProcessKind } from '../../../cli/metrics/registry.ts';
import { METRIC_LABELS, METRICS, type MetricInfo, type MetricName, PROCESS_METRICS } from '../../../core/metrics.ts';

export interface Series {
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  type: string;
  help: string;
  /** Of a histogram: the series of its buckets, sum and count, whose suffix is the label `__suffix`. */
  series: Series[];
}

const LABELS = new Map(Object.entries<{ means: string; values?: readonly string[] }>(METRIC_LABELS));
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

/** What /metrics said, by the name of the metric. Throws on a line that is none of Prometheus' text format. */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const of = (name: string): Family => {
    let family = families.get(name);
    if (family === undefined) {
      family = { type: '', help: '', series: [] };
      families.set(name, family);
    }
    return family;
  };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, about, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind !== undefined) {
      of(about!)[kind === 'HELP' ? 'help' : 'type'] = rest!;
      continue;
    }
    const [, name, labelText = '', value] = SAMPLE.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a line of the text format: ${line}`);
    const base = name.replace(/_(bucket|sum|count)$/, '');
    const isHistogram = families.get(base)?.type === 'histogram';
    const labels = parseLabels(labelText);
    if (isHistogram) labels.__suffix = name.slice(base.length);
    of(isHistogram ? base : name).series.push({ labels, value: value === '+Inf' ? Infinity : Number(value) });
  }
  return families;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`not labels: ${text}`);
    labels[match[1]!] = match[2]!;
  }
  return labels;
}

export interface Audit {
  /** Exposed, but not in the catalogue, or as something else than it says. */
  unknown: string[];
  /** In the catalogue for this kind of process, but without a series. */
  missing: MetricName[];
  /** Labels that the metric does not have, and values that are not in a label's closed list. */
  badLabels: string[];
}

/** Holds what a process exposed against the catalogue. After a run with a bad record and a model, all three are empty. */
export function audit(text: string, kind: ProcessKind): Audit {
  const exposed = parseExposition(text);
  const out: Audit = { unknown: [], missing: [], badLabels: [] };
  const catalogue = new Map<string, MetricInfo>(Object.entries(METRICS));
  for (const [name, family] of exposed) {
    if (PROCESS_METRICS.test(name)) continue;
    const info = catalogue.get(name);
    if (info === undefined || info.type !== family.type || info.help !== family.help) {
      out.unknown.push(name);
      continue;
    }
    for (const { labels } of family.series) {
      const named = Object.keys(labels).filter((label) => label !== 'le' && label !== '__suffix');
      if (named.sort().join() !== [...info.labels].sort().join()) out.badLabels.push(`${name}{${named}}`);
      for (const label of named) {
        const known = LABELS.get(label);
        if (known?.values && !known.values.includes(labels[label]!))
          out.badLabels.push(`${name}{${label}="${labels[label]}"}`);
      }
    }
  }
  for (const [name, { setBy }] of catalogue) {
    if (setBy.split(', ').includes(kind) && (exposed.get(name)?.series.length ?? 0) === 0)
      out.missing.push(name as MetricName);
  }
  return out;
}

/** Value of the one series with these labels among others; undefined when there is none. */
export function seriesValue(text: string, name: MetricName, labels: Record<string, string> = {}): number | undefined {
  return parseExposition(text)
    .get(name)
    ?.series.find((s) => Object.entries(labels).every(([label, value]) => s.labels[label] === value))?.value;
}
