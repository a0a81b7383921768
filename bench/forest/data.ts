import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ln } from '../../core/math.ts';
import { Random } from '../../core/random.ts';
import { Forest, type ForestParams } from '../../detector/forest/forest.ts';

export const WIDTH = 20;
export const ROWS = 100_000;
export const FIT_ROWS = 25_600;
export const STREAM_WIDTH = 15;

/** The classic forest of Liu et al., which scikit-learn grows by default. */
export const CLASSIC: ForestParams = { trees: 100, sampleSize: 256, maxDepth: 8, splitFeatures: 1 };
/** The stream's forest. */
export const STREAM: ForestParams = { trees: 50, sampleSize: 256, maxDepth: 8, splitFeatures: 3 };

/** Rows of correlated normal values. */
export function tableRows(): Float64Array {
  const random = new Random(11);
  const rows = new Float64Array(ROWS * WIDTH);
  for (let i = 0; i < ROWS; i++) {
    const common = random.normal();
    for (let c = 0; c < WIDTH; c++) rows[i * WIDTH + c] = random.normal() + 0.5 * common;
  }
  return rows;
}

/** Rows such as the stream's forest sees: tails in decades, their recent means and peaks, each five in falling order. */
export function evidenceRows(n: number): Float64Array {
  const random = new Random(12);
  const rows = new Float64Array(n * STREAM_WIDTH);
  for (let i = 0; i < n; i++) {
    for (let group = 0; group < 3; group++) {
      const part = rows.subarray(i * STREAM_WIDTH + group * 5, i * STREAM_WIDTH + group * 5 + 5);
      for (let c = 0; c < 5; c++) part[c] = -ln(1 - random.next()) / (1 + group);
      part.sort().reverse();
    }
  }
  return rows;
}

export function classicForest(rows: Float64Array): Forest {
  return Forest.fit(rows.subarray(0, FIT_ROWS * WIDTH), WIDTH, CLASSIC, new Random(1));
}

/** Writes rows and forest where the references read them; returns the paths. */
export function writeInputs(directory: string): { rows: string; forest: string } {
  mkdirSync(directory, { recursive: true });
  const paths = { rows: join(directory, 'rows.f64'), forest: join(directory, 'forest.bin') };
  const rows = tableRows();
  writeFileSync(paths.rows, new Uint8Array(rows.buffer));
  const { width, roots, left, size, feature, split, depth, sampleSize } = classicForest(rows).trees;
  const head = Int32Array.of(width, roots.length, left.length, depth, sampleSize);
  const parts = [head, roots, left, size, Int32Array.from(feature), split];
  writeFileSync(paths.forest, Buffer.concat(parts.map((a) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength))));
  return paths;
}
