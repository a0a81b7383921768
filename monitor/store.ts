import type { IntervalProfile } from '../core/types.ts';
import type { Observation } from './observation.ts';
import type { Decision, Input, MonitorState, Serving } from './types.ts';

/** One entry of the ledger: a decision with the hash of its evidence, chained to the entry before. */
export interface LedgerEntry {
  /** From 1, without gaps, over all streams. */
  seq: number;
  decision: Decision;
  /** SHA-256 of the evidence manifest; see monitor/ledger. */
  evidence: string;
  /** Hash of the entry before; 64 zeros for the first. */
  previous: string;
  hash: string;
  /** Wall clock. */
  recordedMs: number;
}

export interface OutboxMessage {
  /** Idempotency key. */
  id: string;
  /** Who it is for: a receiver's name of the configuration. */
  receiver: string;
  body: string;
  createdMs: number;
}

/** What one input changed, written as one transaction or not at all. */
export interface Commit {
  stream: string;
  /** The version that the state had before. */
  expected: number;
  /** Key of the input, remembered so that a repeat is known. */
  input: string;
  /** The input itself, kept as long as observations so that spans can be simulated; left out, they cannot. */
  record?: Input;
  state: MonitorState;
  /** null: an observation is kept for the console and for simulations. */
  observation: Observation | null;
  decisions: { decision: Decision; evidence: string }[];
  /** By SHA-256. Written before the entries that name them, kept as long as those. */
  evidence: ReadonlyMap<string, Uint8Array>;
  serving: Serving | null;
  outbox: OutboxMessage[];
}

/** What was taken in a span, in order, for simulations. */
export interface RecordedInputs {
  /** The state before the first of them; null: there was none yet, or there are no inputs. */
  before: MonitorState | null;
  inputs: Input[];
}

/**
 * What the monitor keeps. One process holds it at a time; whoever held it before is fenced, by a number that rises with
 * each hold and that every commit checks. Implemented by store/ on PostgreSQL and in memory, by one suite.
 */
export interface MonitorStore {
  /** The right to decide, null while another process has it. */
  hold(owner: string): Promise<MonitorHold | null>;
  /** Profiles of grains that start in [fromMs, toMs), in order of start, partition, sequence. */
  profiles(stream: string, fromMs: number, toMs: number): Promise<IntervalProfile[]>;
  /** Watermarks of the partitions of a stream that have any, from their newest checkpoints. */
  watermarks(stream: string): Promise<ReadonlyMap<number, number>>;
  state(stream: string): Promise<MonitorState | null>;
  serving(stream: string): Promise<Serving | null>;
  observations(stream: string, fromMs: number, toMs: number): Promise<Observation[]>;
  /** Inputs after which the state stood at an event time in [fromMs, toMs), of those that were recorded. */
  recorded(stream: string, fromMs: number, toMs: number): Promise<RecordedInputs>;
  /** Entries with fromSeq <= seq < toSeq, oldest first. */
  ledger(filter: { stream?: string; fromSeq?: number; toSeq?: number; limit?: number }): Promise<LedgerEntry[]>;
  decision(id: string | 'latest'): Promise<LedgerEntry | null>;
  evidence(sha256: string): Promise<Uint8Array | null>;
}

export interface MonitorHold {
  /** Aborts when the hold is lost. */
  lost: AbortSignal;
  /** known: the input was taken before, nothing was written. */
  commit(commit: Commit): Promise<'committed' | 'known' | 'fenced'>;
  release(): Promise<void>;
}
