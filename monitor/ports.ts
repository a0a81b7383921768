import type { Result } from '../core/errors.ts';
import type { Incident, ServingMode, Source, Verdict } from '../core/types.ts';
import type { Counters, RecordHeaders } from '../ingest/ports.ts';

/** One entity as an operator's list shows it. */
export interface EntityStatus {
  stream: string;
  entity: string;
  lastWindowEndMs: number;
  severity: number;
  source: Source;
  probation: boolean;
  openIncidentId: string | null;
}

/** A verdict with the id that `explain verdict ID` and links use. */
export interface StoredVerdict extends Verdict {
  id: string;
}

export interface TimeRange {
  fromMs: number;
  toMs: number;
}

export interface IncidentFilter {
  stream?: string;
  entity?: string;
  open?: boolean;
  /** Only those that were open at some moment of [sinceMs, untilMs). */
  sinceMs?: number;
  untilMs?: number;
  limit: number;
}

/** One partition as the status page shows it, from its last checkpoint. */
export interface PartitionStatus {
  stream: string;
  partition: number;
  offsetNext: number;
  watermarkMs: number;
  counters: Counters;
  checkpointedMs: number;
}

export interface StoredDeadLetter {
  id: string;
  stream: string;
  partition: number;
  offset: number;
  code: string;
  detail: string;
  receivedMs: number;
  key: Uint8Array | null;
  /** Empty for a tombstone too; WholeDeadLetter tells them apart. */
  value: Uint8Array;
}

/** A dead letter without what came from outside. */
export interface DeadLetterSummary extends Omit<StoredDeadLetter, 'key' | 'value'> {
  /** Which point of the record, counted from 0; -1 for the record as a whole. */
  point: number;
  /** What is known of the point that was refused; the time in event time. */
  entity: string | null;
  metric: string | null;
  timeMs: number | null;
  /** null when the records came from no Kafka topic. */
  topic: string | null;
  /** When the log accepted the record; null for letters of version 0.1. */
  appendMs: number | null;
  /** null: a tombstone. */
  valueBytes: number | null;
  redrivenMs: number | null;
  redriveNote: string | null;
}

/** All that it takes to send it again, byte for byte. */
export interface WholeDeadLetter extends DeadLetterSummary {
  key: Uint8Array | null;
  /** null: a tombstone. */
  value: Uint8Array | null;
  headers: RecordHeaders;
}

export interface DeadLetterFilter {
  stream?: string;
  partition?: number;
  code?: string;
  /** Received in [sinceMs, untilMs). */
  sinceMs?: number;
  untilMs?: number;
  redriven?: boolean;
}

export interface DeadLetterCount {
  stream: string;
  code: string;
  count: number;
  redriven: number;
}

/** Implemented by store/. */
export interface DeadLetterStore {
  /** Newest first; after: the id of the last one of the page before. */
  list(filter: DeadLetterFilter, page: { limit: number; after?: string }): Promise<DeadLetterSummary[]>;
  get(id: string): Promise<WholeDeadLetter | null>;
  /** Most first. */
  counts(filter: DeadLetterFilter): Promise<DeadLetterCount[]>;
  /** Idempotent: whoever was marked keeps time and note. Returns how many were marked by this call. */
  markRedriven(ids: readonly string[], atMs: number, note: string): Promise<number>;
}

/** Entities of one stream that several partitions wrote within a day of event time. */
export interface SplitEntities {
  stream: string;
  count: number;
  /** The latest, at most ten. partitions: the last two that wrote it. */
  examples: { entity: string; partitions: [number, number]; seenMs: number }[];
}

/** What the API and the console read. Implemented by store/. */
export interface Reader {
  entities(stream?: string): Promise<EntityStatus[]>;
  verdicts(stream: string, entity: string, range: TimeRange, limit: number): Promise<StoredVerdict[]>;
  verdict(id: string): Promise<StoredVerdict | null>;
  incidents(filter: IncidentFilter): Promise<Incident[]>;
  incident(id: string): Promise<Incident | null>;
  partitions(): Promise<PartitionStatus[]>;
  /** Newest first. */
  deadLetters(limit: number, filter?: DeadLetterFilter): Promise<StoredDeadLetter[]>;
  /** Most first. */
  deadLetterCounts(filter: DeadLetterFilter): Promise<DeadLetterCount[]>;
}

/** What serves a stream right now, and how far its first training has come. */
export interface StreamStatus {
  stream: string;
  mode: ServingMode;
  source: Source;
  modelId: string | null;
  /** Windows seen and windows needed before the first model trains; null once a model serves. */
  training: { windows: number; needed: number } | null;
  lagRecords: number;
  ready: boolean;
}

/** What this process knows without asking the database. Implemented by cli/. */
export interface Live {
  streams(): StreamStatus[];
  /** Calls back with every verdict batch and incident change as soon as they are durable; returns the unsubscribe. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
}

export type LiveEvent =
  | { kind: 'verdicts'; verdicts: readonly Verdict[] }
  | { kind: 'incident'; incident: Incident }
  | { kind: 'status'; streams: StreamStatus[] };

/** A fault that can be put into the demo fleet. */
export interface FaultKind {
  name: string;
  title: string;
  description: string;
  /** Metrics it can be put on; empty when it strikes the whole entity. */
  metrics: readonly string[];
}

export interface FaultRequest {
  fault: string;
  entity?: string;
  metric?: string;
  /** Event-time length. */
  durationMs?: number;
  /** 1 is the fault's usual strength. */
  magnitude?: number;
}

export interface ActiveFault extends Required<Omit<FaultRequest, 'metric'>> {
  id: string;
  metric: string | null;
  startMs: number;
  endMs: number;
}

/** The demo fleet's switchboard. Implemented by scenarios/, wired by cli/. */
export interface FaultControl {
  kinds(): readonly FaultKind[];
  entities(): readonly string[];
  inject(request: FaultRequest): Result<ActiveFault>;
  active(): readonly ActiveFault[];
  clear(id: string): boolean;
}
