import { BOX, depths, leafPath, type Trees } from './trees.ts';

/** Trees that are walked side by side for one row: their loads wait for memory together. */
const TREES_AT_ONCE = 4;
/** Rows that are walked side by side through one tree. */
export const ROWS_AT_ONCE = 6;

/**
 * Scoring kernel of axis-parallel forests. Leaves are their own children, so every walk takes `depth` steps and ends at
 * its leaf without a branch that could be mispredicted; what a leaf adds to the path makes up for the steps spent in it.
 * `meta` holds a node's feature (low 16 bits) and the distance to its left child (high 16 bits, 0 at a leaf).
 */
export class AxisKernel {
  readonly #depth: number;
  readonly #width: number;
  readonly #roots: Int32Array;
  readonly #meta: Int32Array;
  readonly #split: Float64Array;
  readonly #weight: Float64Array;
  readonly #shift: Float64Array;
  readonly #leaf: Float64Array;

  constructor(trees: Trees) {
    const { left, size, feature, split, depth } = trees;
    const n = left.length;
    this.#depth = depth;
    this.#width = trees.width;
    // One more leaf that adds nothing fills the last group of trees.
    this.#roots = new Int32Array(Math.ceil(trees.roots.length / TREES_AT_ONCE) * TREES_AT_ONCE).fill(n);
    this.#roots.set(trees.roots);
    this.#meta = new Int32Array(n + 1);
    this.#split = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
    this.#weight = new Float64Array(n + 1);
    this.#shift = new Float64Array(n + 1);
    this.#leaf = new Float64Array(n + 1).fill(-depth);
    this.#weight.set(trees.weight);
    this.#shift.set(trees.shift);
    const nodeDepth = depths(trees);
    for (let i = 0; i < n; i++) {
      if (left[i]! > 0) {
        this.#meta[i] = feature[i]! | ((left[i]! - i) << 16);
        this.#split[i] = split[i]!;
      } else this.#leaf[i] = leafPath(size[i]!, trees.sampleSize) - (depth - nodeDepth[i]!);
    }
  }

  /**
   * Writes to out[0] the sum over the trees of the classic path lengths of a row without missing values. (A double that
   * is returned would be boxed, which is an allocation.)
   */
  classicPaths(x: Float64Array, out: Float64Array): void {
    const depth = this.#depth;
    const roots = this.#roots;
    const meta = this.#meta;
    const split = this.#split;
    const leaf = this.#leaf;
    let sum = 0;
    for (let t = 0; t < roots.length; t += TREES_AT_ONCE) {
      let a = roots[t]!;
      let b = roots[t + 1]!;
      let c = roots[t + 2]!;
      let d = roots[t + 3]!;
      for (let step = 0; step < depth; step++) {
        const ma = meta[a]!;
        a = (a + (ma >>> 16) + Number(x[ma & 65535]! >= split[a]!)) | 0;
        const mb = meta[b]!;
        b = (b + (mb >>> 16) + Number(x[mb & 65535]! >= split[b]!)) | 0;
        const mc = meta[c]!;
        c = (c + (mc >>> 16) + Number(x[mc & 65535]! >= split[c]!)) | 0;
        const md = meta[d]!;
        d = (d + (md >>> 16) + Number(x[md & 65535]! >= split[d]!)) | 0;
      }
      sum += leaf[a]!;
      sum += leaf[b]!;
      sum += leaf[c]!;
      sum += leaf[d]!;
    }
    out[0] = sum + roots.length * depth;
  }

  /**
   * Classic path lengths of a block of rows (row-major, without missing values) to out[at …], tree by tree, so that a
   * tree stays in the first cache while the block walks through it. The same sums as classicPaths, bit for bit.
   * rows must be a multiple of ROWS_AT_ONCE.
   */
  classicPathsOf(x: Float64Array, rows: number, out: Float64Array): void {
    const depth = this.#depth;
    const width = this.#width;
    const roots = this.#roots;
    const meta = this.#meta;
    const split = this.#split;
    const leaf = this.#leaf;
    out.fill(0, 0, rows);
    for (let t = 0; t < roots.length; t++) {
      const root = roots[t]!;
      for (let i = 0; i < rows; i += ROWS_AT_ONCE) {
        const xa = i * width;
        const xb = xa + width;
        const xc = xb + width;
        const xd = xc + width;
        const xe = xd + width;
        const xf = xe + width;
        let a = root;
        let b = root;
        let c = root;
        let d = root;
        let e = root;
        let f = root;
        for (let step = 0; step < depth; step++) {
          const ma = meta[a]!;
          a = (a + (ma >>> 16) + Number(x[((ma & 65535) + xa) | 0]! >= split[a]!)) | 0;
          const mb = meta[b]!;
          b = (b + (mb >>> 16) + Number(x[((mb & 65535) + xb) | 0]! >= split[b]!)) | 0;
          const mc = meta[c]!;
          c = (c + (mc >>> 16) + Number(x[((mc & 65535) + xc) | 0]! >= split[c]!)) | 0;
          const md = meta[d]!;
          d = (d + (md >>> 16) + Number(x[((md & 65535) + xd) | 0]! >= split[d]!)) | 0;
          const me = meta[e]!;
          e = (e + (me >>> 16) + Number(x[((me & 65535) + xe) | 0]! >= split[e]!)) | 0;
          const mf = meta[f]!;
          f = (f + (mf >>> 16) + Number(x[((mf & 65535) + xf) | 0]! >= split[f]!)) | 0;
        }
        out[i]! += leaf[a]!;
        out[i + 1]! += leaf[b]!;
        out[i + 2]! += leaf[c]!;
        out[i + 3]! += leaf[d]!;
        out[i + 4]! += leaf[e]!;
        out[i + 5]! += leaf[f]!;
      }
    }
    for (let i = 0; i < rows; i++) out[i]! += roots.length * depth;
  }

  /**
   * Writes to out[0] the sum over the trees of the box-aware path lengths of a row without missing values: the path
   * length to expect had the row been in the sample. A split drawn from the range widened by the row would have cut it
   * off already with probability e / (span + e), e being how far outside the box it lies; the path goes on with the rest,
   * which is exactly 1 inside.
   */
  boxPaths(x: Float64Array, out: Float64Array): void {
    const depth = this.#depth;
    const roots = this.#roots;
    const box: number = BOX; // an imported constant is looked up and unboxed at every use
    const meta = this.#meta;
    const split = this.#split;
    const weight = this.#weight;
    const shift = this.#shift;
    const leaf = this.#leaf;
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
        const ma = meta[a]!;
        const xa = x[ma & 65535]!;
        const ea = Math.abs(xa * weight[a]! - shift[a]!) - box;
        sa /= 1 + (ea + Math.abs(ea));
        ha += sa;
        a = (a + (ma >>> 16) + Number(xa >= split[a]!)) | 0;
        const mb = meta[b]!;
        const xb = x[mb & 65535]!;
        const eb = Math.abs(xb * weight[b]! - shift[b]!) - box;
        sb /= 1 + (eb + Math.abs(eb));
        hb += sb;
        b = (b + (mb >>> 16) + Number(xb >= split[b]!)) | 0;
        const mc = meta[c]!;
        const xc = x[mc & 65535]!;
        const ec = Math.abs(xc * weight[c]! - shift[c]!) - box;
        sc /= 1 + (ec + Math.abs(ec));
        hc += sc;
        c = (c + (mc >>> 16) + Number(xc >= split[c]!)) | 0;
        const md = meta[d]!;
        const xd = x[md & 65535]!;
        const ed = Math.abs(xd * weight[d]! - shift[d]!) - box;
        sd /= 1 + (ed + Math.abs(ed));
        hd += sd;
        d = (d + (md >>> 16) + Number(xd >= split[d]!)) | 0;
      }
      sum += ha + sa * leaf[a]!;
      sum += hb + sb * leaf[b]!;
      sum += hc + sc * leaf[c]!;
      sum += hd + sd * leaf[d]!;
    }
    out[0] = sum;
  }
}
