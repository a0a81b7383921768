/** One line of the Prometheus text format. */
interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** What a worker says at /metrics. */
export class Exposition {
  readonly #series: Series[] = [];

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels, value] = LINE.exec(line) ?? [];
      if (name === undefined) continue;
      const pairs = [...(labels ?? '').matchAll(LABEL)].map(([, key, content]) => [key, content]);
      this.#series.push({ name, labels: Object.fromEntries(pairs), value: Number(value!.replace('Inf', 'Infinity')) });
    }
  }

  /** Sum of the series of a name that have these labels; 0 without any. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels);
    let sum = 0;
    for (const one of this.#series)
      if (one.name === name && wanted.every(([key, value]) => one.labels[key] === value)) sum += one.value;
    return sum;
  }

  /** Upper bounds of a histogram's buckets and the counts up to each, over all its series. */
  buckets(name: string): Map<number, number> {
    const counts = new Map<number, number>();
    for (const one of this.#series) {
      if (one.name !== `${name}_bucket`) continue;
      const bound = Number(one.labels.le!.replace('Inf', 'Infinity'));
      counts.set(bound, (counts.get(bound) ?? 0) + one.value);
    }
    return new Map([...counts].sort(([a], [b]) => a - b));
  }
}

/** A quantile by the buckets' growth between two looks, as histogram_quantile of Prometheus interpolates it. */
export function quantile(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>, q: number): number {
  const grown = [...after].map(([bound, count]): [number, number] => [bound, count - (before.get(bound) ?? 0)]);
  const rank = q * (grown.at(-1)?.[1] ?? 0);
  if (!(rank > 0)) return Number.NaN;
  let [low, below] = [0, 0];
  for (const [bound, count] of grown) {
    if (count >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return low;
      return low + ((bound - low) * (rank - below)) / (count - below);
    }
    [low, below] = [bound, count];
  }
  return Number.NaN;
}

/** The p-quantile of sorted values, nearest rank. */
export const nearestRank = (sorted: readonly number[], p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
