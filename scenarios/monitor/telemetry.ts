/** Telemetry of a fleet, a period after the other; what faults are laid over. */
export interface Telemetry {
  readonly entities: readonly string[];
  readonly metrics: readonly string[];
  /** Metrics that move all the time, in every entity: what befalls them is seen. */
  readonly lively: readonly string[];
  readonly periodMs: number;
  /**
   * Fills values (entity after entity, a value a metric, NaN for none) with the period that begins at timeMs. Called with
   * rising times, one period apart; conditions are those of that period.
   */
  read(timeMs: number, conditions: Conditions, values: Float64Array): void;
}

/** What lies below the telemetry and cannot be laid over it afterwards. */
export interface Conditions {
  /** Demand, as a multiple of the usual one. */
  demand: number;
  /** How many times as fast what wanders comes back: values stay where they are, and follow each other less. */
  restlessness: number;
}

export const USUAL: Conditions = { demand: 1, restlessness: 1 };
