import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { TidewatchError } from '../../core/errors.ts';
import { exp2, log2 } from '../../core/math.ts';
import type { Random } from '../../core/random.ts';
import { AxisKernel, ROWS_AT_ONCE } from './axis.ts';
import { loadTrees, saveTrees } from './codec.ts';
import { Grower } from './grow.ts';
import { ObliqueKernel } from './oblique.ts';
import { MAX_NODES, MAX_SAMPLE_SIZE, MAX_SPLIT_FEATURES, maxWidth, normaliser, type Trees } from './trees.ts';
import { clean, loadTypical, saveTypical, type Typical, typicalOf } from './typical.ts';

export interface ForestParams {
  trees: number;
  /** Rows drawn without replacement for each tree; all rows when there are fewer. */
  sampleSize: number;
  /** Depth at which a tree stops. `grown out`: at single rows; ⌈log2(sampleSize)⌉ is the classic. */
  maxDepth: number | 'grown out';
  /** Terms of a split: 1 is axis-parallel, up to 3 is oblique. */
  splitFeatures: number;
}

/** box: −log2 of the mean box-aware path, which keeps growing beyond the training range. classic: 2^(−path / normal path), in (0, 1). */
export type PathKind = 'box' | 'classic';

/** Rows of a batch that are cleaned and walked through a tree together; with a tree they fit into the first cache. */
const BLOCK_ROWS = 16 * ROWS_AT_ONCE;

/**
 * Isolation forest (Liu, Ting and Zhou 2008), with splits along single features or oblique ones (Hariri, Carrasco Kind
 * and Brunner 2019), immutable once grown. Scoring allocates nothing; higher is more anomalous. A missing value (NaN)
 * scores as the feature's median in training, an infinite one as ±1e150.
 */
export class Forest {
  readonly trees: Trees;
  readonly typical: Typical;
  readonly #kernel: AxisKernel | ObliqueKernel;
  readonly #row: Float64Array;
  readonly #paths = new Float64Array(1);

  private constructor(trees: Trees, typical: Typical) {
    this.trees = trees;
    this.typical = typical;
    this.#kernel = trees.splitFeatures === 1 ? new AxisKernel(trees) : new ObliqueKernel(trees);
    this.#row = new Float64Array(trees.width);
  }

  /** Values of a row. */
  get width(): number {
    return this.trees.width;
  }

  /**
   * Grows a forest from rows (row-major, n × width). The same rows, parameters and state of `random` give the same
   * forest. Throws too_little_data without rows, config_invalid for parameters beyond the limits.
   */
  static fit(rows: Float64Array, width: number, params: ForestParams, random: Random): Forest {
    const n = Math.floor(rows.length / width);
    const sampleSize = Math.min(params.sampleSize, n);
    const maxDepth = params.maxDepth === 'grown out' ? sampleSize : params.maxDepth;
    const { trees, splitFeatures } = params;
    within('splitFeatures', splitFeatures, 1, MAX_SPLIT_FEATURES);
    within('width', width, 1, maxWidth(splitFeatures));
    if (n === 0) throw new TidewatchError('too_little_data', 'a forest needs at least one row');
    within('sampleSize', params.sampleSize, 1, MAX_SAMPLE_SIZE);
    within('maxDepth', maxDepth, 1, MAX_SAMPLE_SIZE);
    const treeNodes = Math.min(2 * sampleSize, 2 ** (maxDepth + 1)) - 1;
    within('trees', trees, 1, Math.floor(MAX_NODES / treeNodes));
    const typical = typicalOf(rows, width, random);
    const grower = new Grower({ width, splitFeatures, sampleSize, maxDepth, trees }, trees * treeNodes, random);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let t = 0; t < trees; t++) {
      // The front of a partial Fisher-Yates shuffle is a sample without replacement, whatever order it started from.
      for (let k = 0; k < sampleSize; k++) {
        const pick = k + random.below(n - k);
        const row = order[pick]!;
        order[pick] = order[k]!;
        order[k] = row;
      }
      grower.grow(rows, order.subarray(0, sampleSize), typical.median, clean);
    }
    return new Forest(grower.finish(), typical);
  }

  /** Score of the row at row[at …]. */
  score(row: Float64Array, at: number, path: PathKind = 'box'): number {
    const x = this.#row;
    const { median } = this.typical;
    for (let c = 0; c < x.length; c++) x[c] = clean(row[at + c]!, median[c]!);
    if (path === 'box') this.#kernel.boxPaths(x, this.#paths);
    else this.#kernel.classicPaths(x, this.#paths);
    return this.#scoreOf(this.#paths[0]!, path);
  }

  /** Scores rows (row-major) into out[0 … n): the same bits as `score` row by row. */
  scoreBatch(rows: Float64Array, out: Float64Array, path: PathKind = 'box'): void {
    const n = Math.floor(rows.length / this.width);
    let done = 0;
    if (path === 'classic' && this.#kernel instanceof AxisKernel)
      done = this.#classicBlocks(this.#kernel, rows, n, out);
    for (let i = done; i < n; i++) out[i] = this.score(rows, i * this.width, path);
  }

  /** Scores as many rows as fill whole groups; returns how many. */
  #classicBlocks(kernel: AxisKernel, rows: Float64Array, n: number, out: Float64Array): number {
    const { width } = this;
    const { median } = this.typical;
    const block = new Float64Array(Math.min(n, BLOCK_ROWS) * width);
    const paths = new Float64Array(BLOCK_ROWS);
    const whole = n - (n % ROWS_AT_ONCE);
    for (let start = 0; start < whole; start += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, whole - start);
      for (let i = 0, at = start * width; i < count * width; ) {
        for (let c = 0; c < width; c++, i++, at++) block[i] = clean(rows[at]!, median[c]!);
      }
      kernel.classicPathsOf(block, count, paths);
      for (let i = 0; i < count; i++) out[start + i] = this.#scoreOf(paths[i]!, 'classic');
    }
    return whole;
  }

  #scoreOf(paths: number, path: PathKind): number {
    const mean = paths / this.trees.roots.length;
    return path === 'box' ? -log2(mean) : exp2(-mean / normaliser(this.trees.sampleSize));
  }

  save(writer: ByteWriter): void {
    saveTrees(writer, this.trees);
    saveTypical(writer, this.typical);
  }

  /** Reads what save wrote; throws CorruptBytes that names the first bad value. */
  static from(reader: ByteReader): Forest {
    const trees = loadTrees(reader);
    return new Forest(trees, loadTypical(reader, trees.width));
  }
}

function within(what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new TidewatchError('config_invalid', `${what} of the forest is ${value}, expected ${low} to ${high}`);
}
