/** One window of an entity as training reads it, from stored verdicts or from a replay. NaN = missing. */
export interface TrainingRow {
  entity: string;
  windowStartMs: number;
  features: readonly string[];
  values: Float64Array;
}
