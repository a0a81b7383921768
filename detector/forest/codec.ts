import { type ByteReader, type ByteWriter, CorruptBytes } from '../../core/bytes.ts';
import { MAX_NODES, MAX_SAMPLE_SIZE, MAX_SPLIT_FEATURES, maxWidth, type Trees } from './trees.ts';

/** Deepest tree: every split leaves at least one row on each side. */
const MAX_DEPTH = MAX_SAMPLE_SIZE - 1;

/** Layout: width, splitFeatures, sampleSize as u32; counted arrays roots, left, size, feature (i32), weight, shift, split (f64). */
export function saveTrees(writer: ByteWriter, trees: Trees): void {
  writer.u32(trees.width);
  writer.u32(trees.splitFeatures);
  writer.u32(trees.sampleSize);
  writer.i32s(trees.roots);
  writer.i32s(trees.left);
  writer.i32s(trees.size);
  writer.i32s(trees.feature);
  writer.f64s(trees.weight);
  writer.f64s(trees.shift);
  writer.f64s(trees.split);
}

/** Reads trees that a kernel can walk without a check of its own; throws CorruptBytes with the first bad value. */
export function loadTrees(reader: ByteReader): Trees {
  const start = reader.at;
  const width = reader.u32('forest width');
  const terms = reader.u32('split features');
  check(start, 'split features', terms, 1, MAX_SPLIT_FEATURES);
  check(start, 'forest width', width, 1, maxWidth(terms));
  const sampleSize = reader.u32('sample size');
  check(start, 'sample size', sampleSize, 1, MAX_SAMPLE_SIZE);
  const roots = reader.i32s('roots');
  const left = reader.i32s('left children');
  const n = left.length;
  check(start, 'nodes', n, 1, MAX_NODES);
  check(start, 'trees', roots.length, 1, n);
  const size = sized(start, 'node sizes', reader.i32s('node sizes'), n);
  const features = sized(start, 'split feature indices', reader.i32s('split feature indices'), n * terms);
  const weight = finite(start, 'weight', sized(start, 'weights', reader.f64s('weights'), n * terms));
  const shift = finite(start, 'shift', sized(start, 'shifts', reader.f64s('shifts'), n));
  const split = finite(start, 'split', sized(start, 'splits', reader.f64s('splits'), n));
  for (let k = 0; k < features.length; k++) check(start, `feature index ${k}`, features[k]!, 0, width - 1);
  const depth = checkShape(start, roots, left, size, sampleSize);
  return {
    width,
    splitFeatures: terms,
    sampleSize,
    depth,
    roots,
    left,
    size,
    feature: Uint16Array.from(features),
    weight,
    shift,
    split,
  };
}

/**
 * In breadth-first order the children of a tree's splits are its nodes in turn, so there is only one right value for
 * each child: no cycle, no shared node and no orphan can pass. Returns the depth of the deepest leaf.
 */
function checkShape(start: number, roots: Int32Array, left: Int32Array, size: Int32Array, sampleSize: number): number {
  const nodeDepth = new Int32Array(left.length);
  let deepest = 0;
  for (let t = 0; t < roots.length; t++) {
    const root = roots[t]!;
    const end = t + 1 < roots.length ? roots[t + 1]! : left.length;
    check(start, `root of tree ${t}`, root, t === 0 ? 0 : roots[t - 1]! + 1, t === 0 ? 0 : left.length - 1);
    check(start, `size of node ${root}`, size[root]!, sampleSize, sampleSize);
    let next = root + 1;
    for (let i = root; i < next; i++) {
      if (left[i] === 0) continue;
      check(start, `left child of node ${i}`, left[i]!, next, Math.min(next, end - 2));
      check(start, `size of node ${next}`, size[next]!, 1, size[i]! - 1);
      check(start, `size of node ${next + 1}`, size[next + 1]!, size[i]! - size[next]!, size[i]! - size[next]!);
      const depth = nodeDepth[i]! + 1;
      nodeDepth[next] = nodeDepth[next + 1] = depth;
      if (depth > deepest) deepest = depth;
      next += 2;
    }
    check(start, `nodes up to tree ${t}`, next, end, end);
  }
  check(start, 'depth', deepest, 0, MAX_DEPTH);
  return deepest;
}

function check(at: number, what: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  throw new CorruptBytes(
    `${what} is ${value}, expected ${low === high ? low : `${low} to ${high}`}, in the forest`,
    at,
  );
}

function sized<T extends ArrayLike<number>>(at: number, what: string, values: T, expected: number): T {
  if (values.length !== expected) throw new CorruptBytes(`${values.length} ${what}, expected ${expected}`, at);
  return values;
}

/** Every value finite; named by its position when not. */
export function finite<T extends ArrayLike<number>>(at: number, what: string, values: T): T {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new CorruptBytes(`${what} ${i} is ${values[i]}`, at);
  }
  return values;
}
