import type { Series } from '../../prometheus.ts';

const LINE = /^(\w+)(?:{(.*)})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export interface Target {
  job: string;
  instance: string;
}

interface Scraped {
  name: string;
  labels: Record<string, string>;
  points: [atMs: number, value: number][];
}

/** What a Prometheus has of the /metrics that it was shown, at the times that it was told. */
export class Scrapes {
  readonly #series = new Map<string, Scraped>();

  /** text: null where the process did not answer. */
  of(target: Target, atMs: number, text: string | null): void {
    this.#one('up', '', target).points.push([atMs, text === null ? 0 : 1]);
    for (const line of text?.split('\n') ?? []) {
      const [, name, labels = '', value] = LINE.exec(line) ?? [];
      // what is not a number is no sample
      if (name === undefined || !Number.isFinite(Number(value))) continue;
      this.#one(name, labels, target).points.push([atMs, Number(value)]);
    }
  }

  #one(name: string, inBraces: string, { job, instance }: Target): Scraped {
    const key = `${job} ${instance} ${name}{${inBraces}}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const labels = Object.fromEntries([...inBraces.matchAll(LABEL)].map(([, label, text]) => [label!, text!]));
    const made: Scraped = { name, labels: { ...labels, job, instance }, points: [] };
    this.#series.set(key, made);
    return made;
  }

  /** Those that one of the expressions names. */
  seriesFor(expressions: readonly string[]): Series[] {
    const named = new Set(expressions.flatMap((expr) => expr.match(/\b[a-z]\w+/g) ?? []));
    return [...this.#series.values()].filter(({ name }) => named.has(name));
  }
}
