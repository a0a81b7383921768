import type { Fault, Result } from '../core/errors.ts';
import type {
  ControlChange,
  ControlEntry,
  Disposition,
  Incident,
  IntervalProfile,
  LogEvent,
  Sample,
  Verdict,
} from '../core/types.ts';

/** Headers of a record in their order, as Kafka has them; a value may be null. */
export type RecordHeaders = readonly (readonly [name: string, value: Uint8Array | null])[];

/** One record of a partition. Offsets are integers below 2^53 that rise; appendMs is when the log accepted it. */
export interface LogRecord {
  offset: number;
  appendMs: number;
  key: Uint8Array | null;
  value: Uint8Array;
  /** Kafka's value was null; `value` is empty then. */
  tombstone?: true;
  /** Absent where there are none. */
  headers?: RecordHeaders;
}

/** What a producer hands over. */
export interface NewRecord {
  key: Uint8Array | null;
  value: Uint8Array;
  tombstone?: true;
  headers?: RecordHeaders;
}

/**
 * An append-only log of one partition. `append` resolves with the first offset once the records are durable.
 * `read` returns the records from an offset on, at most about maxBytes of them and at least one if there is one;
 * [] when the log ends there, or when a log that is elsewhere has not handed them over in time: ask again. An offset
 * below `start()` was removed by retention. `start` and `end` are as last learned.
 */
export interface Log {
  append(records: readonly NewRecord[]): Promise<Result<number>>;
  read(fromOffset: number, maxBytes: number): Promise<LogRecord[]>;
  /** Resolves when there is a record at or after the offset, or when the signal aborts. */
  waitFor(offset: number, signal: AbortSignal): Promise<void>;
  /** Learns anew where the log starts and ends. False while it cannot be reached: then nobody knows whether it is silent. */
  refresh(): Promise<boolean>;
  start(): number;
  end(): number;
  close(): Promise<void>;
}

/**
 * A counter or a distribution as it stands since counting began. What happened in between is known only beside the
 * point before it, which the fold remembers: ingest/cumulative.ts.
 */
export interface Cumulative {
  entity: string;
  timeMs: number;
  /** When counting began; 0 when that is unknown. */
  startMs: number;
  /** Tells apart who writes one series, such as the replicas of a service; '' for a single writer. */
  source: string;
  /** Name of the metric with its attributes, `requests{route=/a}`. */
  metric: string;
  /** null for a counter, whose total is totals[0]. Of a distribution: upper bounds of all buckets but the last. */
  bounds: readonly number[] | null;
  /** Of a distribution: count, sum (NaN for none), then the count of each bucket, or none of them. */
  totals: readonly number[];
}

/** As much as is known of which point something is said of. */
export interface PointAt {
  entity?: string;
  metric?: string;
  timeMs?: number;
}

/** Where a decoder puts what it finds, in the order it finds it. One fault stands for one point. */
export interface DecodeSink {
  sample(sample: Sample): void;
  /** The lists may be reused: a consumer copies what it keeps. */
  cumulative(point: Cumulative): void;
  event(event: LogEvent): void;
  /** at: what is known of the point, {} for nothing; left out for a fault of the record as a whole. */
  fault(fault: Fault, at?: PointAt): void;
}

/** Never throws; whatever the bytes, all it finds goes to the sink. */
export type Decoder = (value: Uint8Array, appendMs: number, sink: DecodeSink) => void;

export interface DeadLetter {
  stream: string;
  partition: number;
  offset: number;
  /** Which point of the record, counted from 0; -1 for the record as a whole. */
  point: number;
  /** Absent where nothing is known of the point, as of a record as a whole. */
  at?: PointAt;
  fault: Fault;
  appendMs: number;
  key: Uint8Array | null;
  /** null: a tombstone. */
  value: Uint8Array | null;
  headers?: RecordHeaders;
}

/** What folding a batch yielded. Every item has an identity of its own, so writing it twice is writing it once. */
export interface Outputs {
  verdicts: Verdict[];
  /** State of an incident after a change; the newest of an id is the truth. */
  incidents: Incident[];
  deadLetters: DeadLetter[];
  /** Grains of event time whose windows have all closed. */
  profiles: IntervalProfile[];
}

export const noOutputs = (): Outputs => ({ verdicts: [], incidents: [], deadLetters: [], profiles: [] });

export const yielded = (out: Outputs): boolean =>
  out.verdicts.length + out.incidents.length + out.deadLetters.length + out.profiles.length > 0;

export type Counters = Record<Disposition | 'conflicts' | 'events', number>;

/** The pure fold, as the partition loop sees it: state in memory, advanced by records and control entries only. */
export interface PartitionFold {
  record(record: LogRecord, out: Outputs): void;
  /** model: the artifact that a `model` or `challenger` entry names, already verified; absent for other kinds. */
  control(entry: ControlEntry, out: Outputs, model?: Uint8Array): void;
  /** Complete state; restoring it continues bit for bit. */
  save(): Uint8Array;
  readonly watermarkMs: number;
  /** True while time alone would change something: a window is open, or an entity could become absent. */
  readonly waitsForTime: boolean;
  readonly counters: Readonly<Counters>;
  /** Sequence of the last control entry folded, 0 before the first. */
  readonly controlSequence: number;
}

/** How the loop makes and restores folds without knowing the detector. */
export interface FoldFactory<F extends PartitionFold> {
  create(): F;
  /** Id of the model that a state needs, '' for none. */
  modelOf(state: Uint8Array): Result<string>;
  /** The same of its challenger. */
  challengerOf(state: Uint8Array): Result<string>;
  restore(state: Uint8Array, model?: Uint8Array, challenger?: Uint8Array): Result<F>;
}

export interface Claim {
  epoch: number;
  offsetNext: number;
  /** Newest state whose hash holds, or null for an empty partition. */
  state: Uint8Array | null;
  /** Set when the newest state was damaged (state_corrupt): what is gone on from instead. */
  recovered?: 'older_generation' | 'log_start';
}

export interface Checkpoint {
  epoch: number;
  offsetPrevious: number;
  offsetNext: number;
  state: Uint8Array;
  watermarkMs: number;
  controlSequence: number;
  counters: Readonly<Counters>;
}

export interface Flushed {
  /** Verdicts and interval profiles that are stored with other content under the same identity. */
  divergent: number;
  /** Entities that another partition wrote too of late: their records lack a key. Told once each, a bounded number. */
  split?: readonly string[];
}

/** What somebody who watches a partition loop is told; none of it changes what the loop does. Called often: be quick. */
export interface PartitionObserver {
  folded?(records: number, bytes: number, durationMs: number): void;
  /**
   * latencyMs: from the append of the first record that yielded something to its being durable; NaN without a record.
   * divergent: of Flushed.
   */
  flushed?(outputs: Outputs, latencyMs: number, divergent: number): void;
  checkpointed?(offsetNext: number, durationMs: number, stateBytes: number): void;
  /** A call that the database refused is about to be repeated. */
  retried?(): void;
  lost?(fromOffset: number, toOffset: number): void;
  split?(entities: readonly string[]): void;
}

/** Durable truth of one partition of one stream. See docs/architecture.md, "Nothing lost, nothing doubled". */
export interface PartitionStore {
  /** Takes the partition: epochs strictly rise, a former owner is fenced from here on. */
  claim(owner: string): Promise<Claim>;
  /** Control entries with a sequence above `after`, in order. */
  controlEntries(after: number): Promise<ControlEntry[]>;
  /** Makes an entry durable and numbers it; 'fenced' when the epoch is no longer ours. */
  appendControl(epoch: number, offset: number, change: ControlChange): Promise<ControlEntry | 'fenced'>;
  /**
   * Idempotent; conflicting content under one identity is counted, and the first one stays. With an epoch, 'fenced' when
   * it is no longer the newest: a former owner may not know the control entries that hold by now.
   */
  flush(outputs: Outputs, epoch?: number): Promise<Flushed | 'fenced'>;
  checkpoint(checkpoint: Checkpoint): Promise<'committed' | 'fenced'>;
  /** Records [fromOffset, toOffset) that retention removed before they were read. Idempotent. */
  recordLoss(fromOffset: number, toOffset: number, reason: string): Promise<void>;
}

/** Where model artifacts live, by id. */
export interface ModelStore {
  put(modelId: string, stream: string, artifact: Uint8Array, about: Record<string, unknown>): Promise<void>;
  get(modelId: string): Promise<Uint8Array | null>;
}
