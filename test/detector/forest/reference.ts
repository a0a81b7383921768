import type { Forest } from '../../../detector/forest/forest.ts';

/** Textbook scoring by recursion over the forest's trees, with Math's functions: what the flat kernels must agree with. */
export function referenceScore(forest: Forest, row: ArrayLike<number>, path: 'box' | 'classic'): number {
  const { roots, left, size, feature, weight, shift, split, splitFeatures, sampleSize } = forest.trees;
  const harmonicPath = (n: number): number =>
    n <= 1 ? 0 : n === 2 ? 1 : 2 * (Math.log(n - 1) + 0.5772156649) - (2 * (n - 1)) / n;

  const walk = (node: number, s: number): number => {
    if (left[node] === 0) return s * harmonicPath(size[node]!);
    let p = -shift[node]!;
    for (let j = 0; j < splitFeatures; j++)
      p += weight[node * splitFeatures + j]! * row[feature[node * splitFeatures + j]!]!;
    const goesLeft = splitFeatures === 1 ? row[feature[node]!]! < split[node]! : p < split[node]!;
    const e = Math.max(p - 0.25, -0.25 - p, 0);
    const next = path === 'box' ? s * (1 - e / (0.5 + e)) : 1;
    return next + walk(left[node]! + (goesLeft ? 0 : 1), next);
  };

  let sum = 0;
  for (const root of roots) sum += walk(root, 1);
  const mean = sum / roots.length;
  return path === 'box' ? -Math.log2(mean) : 2 ** (-mean / harmonicPath(sampleSize));
}

/** Rows of a correlated cloud with one heavy-tailed and one constant feature. */
export function cloud(random: { next(): number; normal(): number }, n: number, width: number): Float64Array {
  const rows = new Float64Array(n * width);
  for (let i = 0; i < n; i++) {
    const common = random.normal();
    for (let c = 0; c < width; c++) {
      rows[i * width + c] =
        c === width - 1 ? 4 : c === 0 ? -Math.log(1 - random.next()) * 1e6 : 0.7 * common + random.normal();
    }
  }
  return rows;
}
