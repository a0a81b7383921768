import type { Result } from '../core/errors.ts';
import type { Incident, ServingMode, Source, Verdict } from '../core/types.ts';
import type { Counters } from '../ingest/ports.ts';

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
  value: Uint8Array;
}

/** What the API and the console read. Implemented by store/. */
export interface Reader {
  entities(stream?: string): Promise<EntityStatus[]>;
  verdicts(stream: string, entity: string, range: TimeRange, limit: number): Promise<StoredVerdict[]>;
  verdict(id: string): Promise<StoredVerdict | null>;
  incidents(filter: IncidentFilter): Promise<Incident[]>;
  incident(id: string): Promise<Incident | null>;
  partitions(): Promise<PartitionStatus[]>;
  deadLetters(limit: number): Promise<StoredDeadLetter[]>;
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
