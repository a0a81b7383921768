import type { CounterName, GaugeName, HistogramName, LabelsOf, MetricName } from '../core/metrics.ts';

/** Labels to select by; a value that begins with $ is a variable, which may stand for several. */
export type Where<N extends MetricName> = { readonly [L in keyof LabelsOf<N>]?: string };
export type LabelOf<N extends MetricName> = keyof LabelsOf<N> & string;

/** The variable that every panel with a `stream` is filtered by. */
export const STREAM = '$stream';

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/** A metric of the catalogue, by name and labels that it has: anything else does not compile. */
export function series<N extends MetricName>(name: N, where: Where<N> = {}, suffix = ''): string {
  const matchers = Object.entries<string | undefined>(where).flatMap(([label, value]) => {
    if (value === undefined) return [];
    return [value.startsWith('$') ? `${label}=~"${value}"` : `${label}=${quoted(value)}`];
  });
  return `${name}${suffix}${matchers.length === 0 ? '' : `{${matchers.join(', ')}}`}`;
}

const by = (labels: readonly string[]): string => (labels.length === 0 ? '' : ` by (${labels.join(', ')})`);

/** Of a counter, what came in a second, over a step of the panel. */
export const perSecond = <N extends CounterName>(name: N, where: Where<N> = {}, labels: LabelOf<N>[] = []): string =>
  `sum${by(labels)} (rate(${series(name, where)}[$__rate_interval]))`;

/** Of a counter, how many there were in the time shown. */
export const inRange = <N extends CounterName>(name: N, where: Where<N> = {}, labels: LabelOf<N>[] = []): string =>
  `sum${by(labels)} (increase(${series(name, where)}[$__range]))`;

export const sumOf = <N extends GaugeName>(name: N, where: Where<N> = {}, labels: LabelOf<N>[] = []): string =>
  `sum${by(labels)} (${series(name, where)})`;

export const maxOf = <N extends GaugeName>(name: N, where: Where<N> = {}, labels: LabelOf<N>[] = []): string =>
  `max${by(labels)} (${series(name, where)})`;

export const minOf = <N extends GaugeName>(name: N, where: Where<N> = {}, labels: LabelOf<N>[] = []): string =>
  `min${by(labels)} (${series(name, where)})`;

/** A quantile of a histogram over a step of the panel. */
export const quantileOf = <N extends HistogramName>(q: number, name: N, where: Where<N> = {}): string =>
  `histogram_quantile(${q}, sum by (le) (rate(${series(name, where, '_bucket')}[$__rate_interval])))`;

/** Counts by upper bound, as a heat map wants them. */
export const bucketsOf = <N extends HistogramName>(name: N, where: Where<N> = {}): string =>
  `sum by (le) (increase(${series(name, where, '_bucket')}[$__rate_interval]))`;
