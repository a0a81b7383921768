import { ln } from '../../core/math.ts';

/**
 * All trees of a forest in flat arrays, breadth first: a tree's nodes are neighbours, and so are the two children of a
 * node (right = left + 1). Split nodes hold k = splitFeatures terms; q = Σ weight·x − shift is scaled so that the rows
 * the node was grown from span [−BOX, BOX]. A row goes left when x < split (k = 1) or q < split (k > 1).
 */
export interface Trees {
  readonly width: number;
  readonly splitFeatures: number;
  /** Rows each tree was grown from. */
  readonly sampleSize: number;
  /** Depth of the deepest leaf. */
  readonly depth: number;
  /** First node of each tree. */
  readonly roots: Int32Array;
  /** Left child, or 0 for a leaf (node 0 is a root, so nobody's child). */
  readonly left: Int32Array;
  /** Rows of the sample that came to the node. */
  readonly size: Int32Array;
  /** k a node; all 0 at a leaf. */
  readonly feature: Uint16Array;
  /** k a node; all 0 at a leaf. */
  readonly weight: Float64Array;
  readonly shift: Float64Array;
  readonly split: Float64Array;
}

/** Half the span of a node's box in units of q: |q| − ¼ + ||q| − ¼| is then twice the distance outside, without a branch. */
export const BOX = 0.25;

/** Terms of an oblique split that the kernel has room for. */
export const MAX_SPLIT_FEATURES = 3;

/** Widest rows: feature indices share an Int32 with a child distance (16 bits), or three of them share one (10 bits). */
export const maxWidth = (splitFeatures: number): number => (splitFeatures === 1 ? 65_536 : 1_024);

/** Trees grow from at most so many rows, so that a child's distance fits into 15 bits. */
export const MAX_SAMPLE_SIZE = 8_192;

/** Nodes of a whole forest: above this its artifact would exceed the size limit anyway. */
export const MAX_NODES = 400_000;

/**
 * Average path length of an unsuccessful search in a binary tree of n rows: what is added for the rows that a leaf did
 * not tell apart (Liu, Ting and Zhou 2008, equation 1).
 */
export function averagePath(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (ln(n - 1) + EULER) - (2 * (n - 1)) / n;
}
const EULER = 0.5772156649015329;

/**
 * Path length that the classic score is measured against, in bits: the average path of the sample. A forest grown from
 * a single row cannot tell anything, and 1 makes it say exactly that (classic score ½ for every row).
 */
export const normaliser = (sampleSize: number): number => (sampleSize > 1 ? averagePath(sampleSize) : 1);

/** What is added to the path at a leaf of so many rows. */
export const leafPath = (size: number, sampleSize: number): number =>
  size === sampleSize ? normaliser(sampleSize) : averagePath(size);

/** Depth of every node. */
export function depths(trees: Trees): Int32Array {
  const depth = new Int32Array(trees.left.length);
  for (let i = 0; i < depth.length; i++) {
    const left = trees.left[i]!;
    if (left > 0) depth[left] = depth[left + 1] = depth[i]! + 1;
  }
  return depth;
}
