import { BOX, depths, leafPath, MAX_SPLIT_FEATURES, type Trees } from './trees.ts';

/** Trees that are walked side by side for one row: their loads wait for memory together. */
const TREES_AT_ONCE = 4;
/**
 * Doubles of a node, one cache line: three weights (0 to 2), shift, split, what a leaf adds to the path, a pair of Int32
 * and room. Scoring writes these positions out as numbers: a constant of the module is looked up at every use.
 */
const STRIDE = 8;
const SHIFT = 3;
const SPLIT = 4;
const LEAF = 5;
/** Positions of a node's Int32 fields: three feature indices of ten bits, and where its left child lies. */
const FEATURES = 12;
const CHILD = 13;

/**
 * Scoring kernel of forests with oblique splits of up to three terms; missing terms have weight 0. As in the axis
 * kernel, leaves are their own children and every walk takes `depth` steps.
 */
export class ObliqueKernel {
  readonly #depth: number;
  readonly #roots: Int32Array;
  readonly #nodes: Float64Array;
  readonly #links: Int32Array;

  constructor(trees: Trees) {
    const { left, size, feature, weight, shift, split, splitFeatures, depth } = trees;
    const n = left.length;
    this.#depth = depth;
    // One more leaf that adds nothing fills the last group of trees.
    this.#roots = new Int32Array(Math.ceil(trees.roots.length / TREES_AT_ONCE) * TREES_AT_ONCE).fill(n * STRIDE);
    for (let t = 0; t < trees.roots.length; t++) this.#roots[t] = trees.roots[t]! * STRIDE;
    this.#nodes = new Float64Array((n + 1) * STRIDE);
    this.#links = new Int32Array(this.#nodes.buffer);
    const nodeDepth = depths(trees);
    for (let i = 0; i <= n; i++) {
      const at = i * STRIDE;
      const child = i < n ? left[i]! : 0;
      this.#links[2 * at + CHILD] = (child > 0 ? child : i) * STRIDE;
      if (child === 0) {
        this.#nodes[at + SPLIT] = Number.POSITIVE_INFINITY;
        this.#nodes[at + LEAF] = (i < n ? leafPath(size[i]!, trees.sampleSize) + nodeDepth[i]! : 0) - depth;
        continue;
      }
      let features = 0;
      for (let j = 0; j < MAX_SPLIT_FEATURES; j++) {
        if (j >= splitFeatures) continue;
        features |= feature[i * splitFeatures + j]! << (10 * j);
        this.#nodes[at + j] = weight[i * splitFeatures + j]!;
      }
      this.#links[2 * at + FEATURES] = features;
      this.#nodes[at + SHIFT] = shift[i]!;
      this.#nodes[at + SPLIT] = split[i]!;
    }
  }

  /** Writes to out[0] the sum over the trees of the classic path lengths of a row without missing values. */
  classicPaths(x: Float64Array, out: Float64Array): void {
    const nodes = this.#nodes;
    const links = this.#links;
    let sum = 0;
    for (let t = 0; t < this.#roots.length; t++) {
      let a = this.#roots[t]!;
      for (let step = 0; step < this.#depth; step++) {
        const f = links[2 * a + 12]!;
        const q =
          nodes[a]! * x[f & 1023]! + nodes[a + 1]! * x[(f >> 10) & 1023]! + nodes[a + 2]! * x[f >> 20]! - nodes[a + 3]!;
        a = (links[2 * a + 13]! + 8 * Number(q >= nodes[a + 4]!)) | 0;
      }
      sum += nodes[a + 5]!;
    }
    out[0] = sum + this.#roots.length * this.#depth;
  }

  /** Writes to out[0] the sum over the trees of the box-aware path lengths of a row without missing values (see the axis kernel). */
  boxPaths(x: Float64Array, out: Float64Array): void {
    const depth = this.#depth;
    const roots = this.#roots;
    const box: number = BOX; // an imported constant is looked up and unboxed at every use
    const nodes = this.#nodes;
    const links = this.#links;
    let sum = 0;
    for (let t = 0; t < roots.length; t += TREES_AT_ONCE) {
      let a = roots[t]!;
      let b = roots[t + 1]!;
      let c = roots[t + 2]!;
      let d = roots[t + 3]!;
      let sa = 1;
      let ha = 0;
      let sb = 1;
      let hb = 0;
      let sc = 1;
      let hc = 0;
      let sd = 1;
      let hd = 0;
      for (let step = 0; step < depth; step++) {
        const fa = links[2 * a + 12]!;
        const qa =
          nodes[a]! * x[fa & 1023]! +
          nodes[a + 1]! * x[(fa >> 10) & 1023]! +
          nodes[a + 2]! * x[fa >> 20]! -
          nodes[a + 3]!;
        const ea = Math.abs(qa) - box;
        sa /= 1 + (ea + Math.abs(ea));
        ha += sa;
        a = (links[2 * a + 13]! + 8 * Number(qa >= nodes[a + 4]!)) | 0;
        const fb = links[2 * b + 12]!;
        const qb =
          nodes[b]! * x[fb & 1023]! +
          nodes[b + 1]! * x[(fb >> 10) & 1023]! +
          nodes[b + 2]! * x[fb >> 20]! -
          nodes[b + 3]!;
        const eb = Math.abs(qb) - box;
        sb /= 1 + (eb + Math.abs(eb));
        hb += sb;
        b = (links[2 * b + 13]! + 8 * Number(qb >= nodes[b + 4]!)) | 0;
        const fc = links[2 * c + 12]!;
        const qc =
          nodes[c]! * x[fc & 1023]! +
          nodes[c + 1]! * x[(fc >> 10) & 1023]! +
          nodes[c + 2]! * x[fc >> 20]! -
          nodes[c + 3]!;
        const ec = Math.abs(qc) - box;
        sc /= 1 + (ec + Math.abs(ec));
        hc += sc;
        c = (links[2 * c + 13]! + 8 * Number(qc >= nodes[c + 4]!)) | 0;
        const fd = links[2 * d + 12]!;
        const qd =
          nodes[d]! * x[fd & 1023]! +
          nodes[d + 1]! * x[(fd >> 10) & 1023]! +
          nodes[d + 2]! * x[fd >> 20]! -
          nodes[d + 3]!;
        const ed = Math.abs(qd) - box;
        sd /= 1 + (ed + Math.abs(ed));
        hd += sd;
        d = (links[2 * d + 13]! + 8 * Number(qd >= nodes[d + 4]!)) | 0;
      }
      sum += ha + sa * nodes[a + 5]!;
      sum += hb + sb * nodes[b + 5]!;
      sum += hc + sc * nodes[c + 5]!;
      sum += hd + sd * nodes[d + 5]!;
    }
    out[0] = sum;
  }
}
