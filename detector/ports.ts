/** One window of an entity as training reads it, from stored verdicts or from a replay. NaN = missing. */
export interface TrainingRow {
  entity: string;
  windowStartMs: number;
  features: readonly string[];
  values: Float64Array;
}

/** What became of a hypothesis. */
export type ExperimentVerdict = 'promoted' | 'archived' | 'iterate';

/** One run of train, evaluate, fit or bench, kept apart from what the run wrote. */
export interface Experiment {
  id: string;
  /** The command: `evaluate`, `train`, … */
  kind: string;
  hypothesis: string | null;
  configHash: string;
  seed: number;
  dataHash: string;
  codeVersion: string;
  /** Figures by name, such as `vus_pr` or `vus_pr/smd`. */
  metrics: Record<string, number>;
  /** The experiment that this one is compared with. */
  baselineId: string | null;
  durationMs: number;
  memoryBytes: number;
  verdict: ExperimentVerdict;
  /** Wall clock. */
  createdMs: number;
}

/** Where runs are remembered. */
export interface ExperimentStore {
  /** Idempotent; an id is written once. */
  record(experiment: Experiment): Promise<void>;
  get(id: string): Promise<Experiment | null>;
  /** Newest first. */
  list(limit: number): Promise<Experiment[]>;
}
