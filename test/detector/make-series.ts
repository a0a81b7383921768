import { scaleOf } from '../../detector/scales.ts';
import type { TimedSeries } from '../../detector/train.ts';

/** Rows a minute apart. value: of a row and a column. */
export function makeSeries(
  features: readonly string[],
  rows: number,
  value: (row: number, column: number) => number,
): TimedSeries {
  const n = features.length;
  return {
    features: [...features],
    metrics: features.map((name) => name.split('__')[0]!),
    traits: new Uint8Array(n),
    rows,
    values: Float64Array.from({ length: rows * n }, (_, i) => value(Math.floor(i / n), i % n)),
    startsMs: Float64Array.from({ length: rows }, (_, i) => i * 60_000),
  };
}

/** Scales as an online model has them: of the rows themselves. */
export const scalesOfSeries =
  (series: ReadonlyMap<string, TimedSeries>) =>
  (entity: string, names: readonly string[]): Float32Array => {
    const { features, values, rows } = series.get(entity)!;
    const scales = new Float32Array(2 * names.length);
    names.forEach((name, f) => {
      const c = features.indexOf(name);
      const column = c < 0 ? [] : Float64Array.from({ length: rows }, (_, i) => values[i * features.length + c]!);
      scales.set(scaleOf(column), 2 * f);
    });
    return scales;
  };
