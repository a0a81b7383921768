import type { Forest } from './forest.ts';
import { BOX, leafPath } from './trees.ts';
import { clean } from './typical.ts';

/** Points that are tried along the way from a value to its median, before bisecting. */
const STEPS = 64;
const BISECTIONS = 60;

/**
 * Explains the box-aware scores of one forest. What a path is expected to have left at each node (the mean over the
 * training rows that came there) is worked out once; explaining a row is then a single walk through every tree.
 */
export class Explainer {
  readonly #forest: Forest;
  readonly #expected: Float64Array;
  readonly #row: Float64Array;

  constructor(forest: Forest) {
    const { left, size, sampleSize } = forest.trees;
    this.#forest = forest;
    this.#row = new Float64Array(forest.width);
    this.#expected = new Float64Array(left.length);
    for (let i = left.length - 1; i >= 0; i--) {
      const a = left[i]!;
      this.#expected[i] =
        a === 0
          ? leafPath(size[i]!, sampleSize)
          : 1 + (size[a]! * this.#expected[a]! + size[a + 1]! * this.#expected[a + 1]!) / size[i]!;
    }
  }

  /**
   * Writes each feature's share of the path-length shortfall to out[0 … width): not negative, summing to 1. A split
   * earns what it takes from the expected rest of the path (Saabas' decomposition of tree predictions), and an oblique
   * one divides that among its features by how far each one's term is from where its median would put it. A row that no
   * feature makes unusual gets equal shares.
   */
  shares(row: Float64Array, at: number, out: Float64Array): void {
    const { width, trees } = this.#forest;
    const { roots, left, shift, split, splitFeatures } = trees;
    const x = this.#clean(row, at);
    out.fill(0, 0, width);
    for (let t = 0; t < roots.length; t++) {
      let s = 1;
      for (let node = roots[t]!; left[node]! > 0; ) {
        let q = 0;
        for (let j = 0; j < splitFeatures; j++) q += this.#term(node, j, x);
        q -= shift[node]!;
        const outside = Math.max(Math.abs(q) - BOX, 0);
        const next = s / (1 + 2 * outside);
        const goesLeft = splitFeatures === 1 ? x[trees.feature[node]!]! < split[node]! : q < split[node]!;
        const child = left[node]! + (goesLeft ? 0 : 1);
        this.#divide(node, x, s * this.#expected[node]! - next * (1 + this.#expected[child]!), out);
        s = next;
        node = child;
      }
    }
    let total = 0;
    for (let c = 0; c < width; c++) {
      if (!(out[c]! > 0)) out[c] = 0;
      total += out[c]!;
    }
    for (let c = 0; c < width; c++) out[c] = total > 0 ? out[c]! / total : 1 / width;
  }

  #clean(row: Float64Array, at: number): Float64Array {
    for (let c = 0; c < this.#row.length; c++) this.#row[c] = clean(row[at + c]!, this.#forest.typical.median[c]!);
    return this.#row;
  }

  #term(node: number, j: number, x: Float64Array): number {
    const { feature, weight, splitFeatures } = this.#forest.trees;
    return weight[node * splitFeatures + j]! * x[feature[node * splitFeatures + j]!]!;
  }

  #divide(node: number, x: Float64Array, shortfall: number, out: Float64Array): void {
    const { feature, splitFeatures } = this.#forest.trees;
    const { median } = this.#forest.typical;
    const at = node * splitFeatures;
    let total = 0;
    for (let j = 0; j < splitFeatures; j++) total += Math.abs(this.#term(node, j, x) - this.#term(node, j, median));
    for (let j = 0; j < splitFeatures; j++) {
      const away = Math.abs(this.#term(node, j, x) - this.#term(node, j, median));
      out[feature[at + j]!]! += shortfall * (total > 0 ? away / total : 1 / splitFeatures);
    }
  }
}

export interface Change {
  feature: number;
  from: number;
  to: number;
}

/**
 * A small change of the row at row[at …] after which its box-aware score is at most `limit`: values moved towards their
 * training medians, one when one is enough, else as few as a greedy search finds, none further than it must. Distances
 * of different features are compared in widths of their usual bands. Empty when the score is no higher than the limit already;
 * null when even the medians exceed it. Every change returned has been scored; that it is the smallest is not proven.
 */
export function smallestChange(forest: Forest, row: Float64Array, at: number, limit: number): Change[] | null {
  const { width } = forest;
  const { median } = forest.typical;
  const from = row.slice(at, at + width);
  const x = from.slice();
  if (forest.score(x, 0) <= limit) return [];
  const left = new Set<number>();
  for (let c = 0; c < width; c++) if (!Number.isNaN(from[c]!) && from[c] !== median[c]) left.add(c);
  const moved: number[] = [];
  while (left.size > 0) {
    const clearing: Change[] = [];
    let best = -1;
    let bestScore = Number.POSITIVE_INFINITY;
    for (const c of left) {
      const score = scoreWith(forest, x, c, median[c]!);
      if (score <= limit) clearing.push({ feature: c, from: from[c]!, to: nearest(forest, x, c, from[c]!, limit) });
      if (score < bestScore) {
        best = c;
        bestScore = score;
      }
    }
    const last = clearing.sort((a, b) => effort(forest, a) - effort(forest, b))[0];
    if (last !== undefined) {
      x[last.feature] = last.to;
      return [...moved.map((c) => back(forest, x, c, from[c]!, limit)), last].filter((c) => c.from !== c.to);
    }
    x[best] = median[best]!;
    moved.push(best);
    left.delete(best);
  }
  return null;
}

/** How far a change goes, in widths of the feature's usual band. */
function effort(forest: Forest, change: Change): number {
  const { low, high, median } = forest.typical;
  const c = change.feature;
  const band = high[c]! - low[c]! || Math.abs(change.from - median[c]!);
  return Math.abs(change.to - change.from) / band;
}

/** Moves an already moved value back as far as the limit lets it; x keeps the result. */
function back(forest: Forest, x: Float64Array, feature: number, from: number, limit: number): Change {
  const to = scoreWith(forest, x, feature, from) <= limit ? from : nearest(forest, x, feature, from, limit);
  x[feature] = to;
  return { feature, from, to };
}

/** The value nearest to `from` on its way to the median that clears, where the median is known to; x is left as it was. */
function nearest(forest: Forest, x: Float64Array, feature: number, from: number, limit: number): number {
  const median = forest.typical.median[feature]!;
  const start = clean(from, median); // an infinite value has no way to bisect
  const value = (share: number): number => (share === 1 ? median : start + (median - start) * share);
  const clears = (share: number): boolean => scoreWith(forest, x, feature, value(share)) <= limit;
  // The score need not fall steadily on the way, and far values have most of their way in the first steps: quadratic ones.
  let low = 0;
  let high = 1;
  for (let k = STEPS - 1; k >= 1; k--) {
    const share = 1 - (k / STEPS) ** 2;
    if (clears(share)) {
      high = share;
      break;
    }
    low = share;
  }
  for (let k = 0; k < BISECTIONS; k++) {
    const middle = (low + high) / 2;
    if (clears(middle)) high = middle;
    else low = middle;
  }
  return value(high);
}

function scoreWith(forest: Forest, x: Float64Array, feature: number, value: number): number {
  const kept = x[feature]!;
  x[feature] = value;
  const score = forest.score(x, 0);
  x[feature] = kept;
  return score;
}
