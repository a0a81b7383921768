import type { Random } from '../../core/random.ts';
import { BOX, type Trees } from './trees.ts';

/** Ranges of a combination below this count as none: features of one unit do not differ by less. */
const OBLIQUE_RANGE_MIN = 1e-12;
/** Ranges of a single feature below this would overflow the scale of their node. */
const AXIS_RANGE_MIN = 1e-150;
/** Combinations drawn before a node without one that varies becomes a leaf. */
const OBLIQUE_TRIES = 12;

/**
 * Grows trees one after another into arrays that all of them share. Memory is allocated once; a tree is grown breadth
 * first, with the rows of a node in a contiguous part of `order`.
 */
export class Grower {
  readonly #width: number;
  readonly #terms: number;
  readonly #sampleSize: number;
  readonly #maxDepth: number;
  readonly #random: Random;
  /** The sample, column by column. */
  readonly #columns: Float64Array;
  readonly #order: Int32Array;
  readonly #projected: Float64Array;
  readonly #candidates: Uint16Array;
  readonly #start: Int32Array;
  readonly #nodeDepth: Int32Array;
  readonly #roots: Int32Array;
  readonly #left: Int32Array;
  readonly #size: Int32Array;
  readonly #feature: Uint16Array;
  readonly #weight: Float64Array;
  readonly #shift: Float64Array;
  readonly #split: Float64Array;
  #trees = 0;
  #nodes = 0;
  #depth = 0;

  constructor(
    shape: { width: number; splitFeatures: number; sampleSize: number; maxDepth: number; trees: number },
    maxNodes: number,
    random: Random,
  ) {
    const { width, splitFeatures, sampleSize, maxDepth, trees } = shape;
    this.#width = width;
    this.#terms = splitFeatures;
    this.#sampleSize = sampleSize;
    this.#maxDepth = maxDepth;
    this.#random = random;
    this.#columns = new Float64Array(width * sampleSize);
    this.#order = new Int32Array(sampleSize);
    this.#projected = new Float64Array(sampleSize);
    this.#candidates = Uint16Array.from({ length: width }, (_, c) => c);
    this.#start = new Int32Array(maxNodes);
    this.#nodeDepth = new Int32Array(maxNodes);
    this.#roots = new Int32Array(trees);
    this.#left = new Int32Array(maxNodes);
    this.#size = new Int32Array(maxNodes);
    this.#feature = new Uint16Array(maxNodes * splitFeatures);
    this.#weight = new Float64Array(maxNodes * splitFeatures);
    this.#shift = new Float64Array(maxNodes);
    this.#split = new Float64Array(maxNodes);
  }

  /** Grows a tree from these rows (row-major); missing values take their place from `medians`. */
  grow(
    rows: Float64Array,
    picked: Int32Array,
    medians: Float64Array,
    clean: (x: number, median: number) => number,
  ): void {
    const { length } = picked;
    for (let k = 0; k < length; k++) {
      const at = picked[k]! * this.#width;
      for (let c = 0; c < this.#width; c++) this.#columns[c * length + k] = clean(rows[at + c]!, medians[c]!);
      this.#order[k] = k;
    }
    let node = this.#add(0, length, 0);
    this.#roots[this.#trees++] = node;
    for (; node < this.#nodes; node++) {
      const size = this.#size[node]!;
      const depth = this.#nodeDepth[node]!;
      if (size <= 1 || depth >= this.#maxDepth) continue;
      const start = this.#start[node]!;
      const below = this.#terms === 1 ? this.#splitAxis(node, start, size) : this.#splitOblique(node, start, size);
      if (below === 0) continue;
      this.#left[node] = this.#add(start, below, depth + 1);
      this.#add(start + below, size - below, depth + 1);
    }
  }

  finish(): Trees {
    const n = this.#nodes;
    const terms = n * this.#terms;
    return {
      width: this.#width,
      splitFeatures: this.#terms,
      sampleSize: this.#sampleSize,
      depth: this.#depth,
      roots: this.#roots.slice(0, this.#trees),
      left: this.#left.slice(0, n),
      size: this.#size.slice(0, n),
      feature: this.#feature.slice(0, terms),
      weight: this.#weight.slice(0, terms),
      shift: this.#shift.slice(0, n),
      split: this.#split.slice(0, n),
    };
  }

  #add(start: number, size: number, depth: number): number {
    const node = this.#nodes++;
    this.#start[node] = start;
    this.#size[node] = size;
    this.#nodeDepth[node] = depth;
    if (depth > this.#depth) this.#depth = depth;
    return node;
  }

  /** A feature that varies in the node, each as likely, cut uniformly within its range; returns the rows left of it. */
  #splitAxis(node: number, start: number, size: number): number {
    const candidates = this.#candidates;
    for (let rest = this.#width; rest > 0; rest--) {
      const pick = this.#random.below(rest);
      const feature = candidates[pick]!;
      candidates[pick] = candidates[rest - 1]!;
      candidates[rest - 1] = feature;
      const column = feature * this.#sampleSize;
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let k = start; k < start + size; k++) {
        const x = this.#columns[column + this.#order[k]!]!;
        this.#projected[k] = x;
        if (x < low) low = x;
        if (x > high) high = x;
      }
      const range = high - low;
      if (!(range > AXIS_RANGE_MIN)) continue;
      let split = low + this.#random.next() * range;
      if (!(split > low)) split = high; // rounding must not leave one side empty
      const scale = (2 * BOX) / range;
      this.#feature[node] = feature;
      this.#weight[node] = scale;
      this.#shift[node] = (low + range / 2) * scale;
      this.#split[node] = split;
      return this.#partition(start, size, split);
    }
    return 0;
  }

  /** A random combination of features (repeats allowed), cut uniformly within its range (as in Hariri et al. 2019). */
  #splitOblique(node: number, start: number, size: number): number {
    const terms = this.#terms;
    const at = node * terms;
    for (let tries = 0; tries < OBLIQUE_TRIES; tries++) {
      for (let j = 0; j < terms; j++) {
        this.#feature[at + j] = this.#random.below(this.#width);
        this.#weight[at + j] = this.#random.normal();
      }
      this.#shift[node] = 0;
      this.#project(node, start, size);
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let k = start; k < start + size; k++) {
        const p = this.#projected[k]!;
        if (p < low) low = p;
        if (p > high) high = p;
      }
      const range = high - low;
      if (!(range > OBLIQUE_RANGE_MIN)) continue;
      const scale = (2 * BOX) / range;
      for (let j = 0; j < terms; j++) this.#weight[at + j]! *= scale;
      this.#shift[node] = (low + range / 2) * scale;
      // The rows are cut by the very numbers that scoring will see, so a leaf's size is the number of rows that come to it.
      this.#project(node, start, size);
      const split = 2 * BOX * this.#random.next() - BOX;
      const below = this.#partition(start, size, split);
      if (below === 0 || below === size) continue;
      this.#split[node] = split;
      return below;
    }
    this.#feature.fill(0, at, at + terms);
    this.#weight.fill(0, at, at + terms);
    this.#shift[node] = 0;
    return 0;
  }

  /** q of the node's rows; summed in the order of the scoring kernel. */
  #project(node: number, start: number, size: number): void {
    const terms = this.#terms;
    const at = node * terms;
    for (let k = start; k < start + size; k++) {
      const row = this.#order[k]!;
      let q = this.#weight[at]! * this.#columns[this.#feature[at]! * this.#sampleSize + row]!;
      for (let j = 1; j < terms; j++) {
        q += this.#weight[at + j]! * this.#columns[this.#feature[at + j]! * this.#sampleSize + row]!;
      }
      this.#projected[k] = q - this.#shift[node]!;
    }
  }

  /** Moves the rows whose projection is below the split to the front; returns how many they are. */
  #partition(start: number, size: number, split: number): number {
    const order = this.#order;
    const projected = this.#projected;
    let front = start;
    for (let k = start; k < start + size; k++) {
      const p = projected[k]!;
      if (!(p < split)) continue;
      const row = order[k]!;
      order[k] = order[front]!;
      order[front] = row;
      projected[k] = projected[front]!;
      projected[front] = p;
      front++;
    }
    return front - start;
  }
}
