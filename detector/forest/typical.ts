import { type ByteReader, type ByteWriter, CorruptBytes } from '../../core/bytes.ts';
import type { Random } from '../../core/random.ts';
import { finite } from './codec.ts';

/** What was usual in training, per feature: the median, and the band that held 98 % of the values. */
export interface Typical {
  readonly median: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Rows that the quantiles are taken from: their error is then below that of the forest's own samples. */
const ROWS = 1_024;
const BAND = 0.01;

/**
 * The value itself within ±1e150 (beyond, sums of products could overflow, and scores no longer differ), the nearer bound
 * beyond, the median for a missing one. Written out because this runs for every value scored (see the kernels).
 */
export function clean(x: number, median: number): number {
  if (x >= -1e150 && x <= 1e150) return x;
  if (Number.isNaN(x)) return median;
  return x > 0 ? 1e150 : -1e150;
}

/** Quantiles of up to ROWS rows drawn at random; 0 for a feature that they never have. */
export function typicalOf(rows: Float64Array, width: number, random: Random): Typical {
  const n = rows.length / width;
  const picked = Int32Array.from({ length: Math.min(n, ROWS) }, (_, i) => (n <= ROWS ? i : random.below(n)));
  const typical = { median: new Float64Array(width), low: new Float64Array(width), high: new Float64Array(width) };
  const values = new Float64Array(picked.length);
  for (let c = 0; c < width; c++) {
    let count = 0;
    for (let i = 0; i < picked.length; i++) {
      const x = rows[picked[i]! * width + c]!;
      if (!Number.isNaN(x)) values[count++] = clean(x, 0);
    }
    if (count === 0) continue;
    const sorted = values.subarray(0, count).sort();
    typical.low[c] = sorted[Math.floor((count - 1) * BAND)]!;
    typical.median[c] = sorted[count >> 1]!;
    typical.high[c] = sorted[Math.ceil((count - 1) * (1 - BAND))]!;
  }
  return typical;
}

export function saveTypical(writer: ByteWriter, typical: Typical): void {
  writer.f64s(typical.median);
  writer.f64s(typical.low);
  writer.f64s(typical.high);
}

export function loadTypical(reader: ByteReader, width: number): Typical {
  const read = (what: string): Float64Array => {
    const at = reader.at;
    const values = finite(at, what, reader.f64s(what));
    if (values.length !== width) throw new CorruptBytes(`${what} has ${values.length} values, expected ${width}`, at);
    return values;
  };
  return { median: read('median'), low: read('low'), high: read('high') };
}
