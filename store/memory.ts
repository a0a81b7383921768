import { TidewatchError } from '../core/errors.ts';
import { sha256Hex, verdictHash, verdictId } from '../core/hash.ts';
import type { ControlChange, ControlEntry, Incident, IntervalProfile, Verdict } from '../core/types.ts';
import type { Checkpoint, Claim, DeadLetter, Flushed, ModelStore, Outputs, PartitionStore } from '../ingest/ports.ts';
import { SPLIT_WITHIN_MS, SplitNotices } from './split.ts';
import { isNewer } from './write-incidents.ts';

interface Generation {
  checkpoint: Omit<Checkpoint, 'epoch' | 'offsetPrevious'>;
  sha256: string;
}

interface PartitionRow {
  epoch: number;
  offsetNext: number;
  /** Newest first, at most two. */
  generations: Generation[];
  control: ControlEntry[];
}

export interface LostRange {
  partition: number;
  fromOffset: number;
  toOffset: number;
  reason: string;
}

/** What the tables of one stream hold, in memory: for replay, which needs no database, and for tests. */
export class MemoryTables {
  readonly partitions = new Map<number, PartitionRow>();
  /** By verdict id, in the order of their arrival. */
  readonly verdicts = new Map<string, Verdict>();
  readonly incidents = new Map<string, Incident>();
  readonly deadLetters = new Map<string, DeadLetter>();
  readonly lostRanges = new Map<string, LostRange>();
  readonly profiles = new Map<string, IntervalProfile>();
  readonly #contents = new Map<string, { hash: string; partition: number }>();
  /** Of each entity: end of its newest window, and the partition that wrote it last. */
  readonly #newest = new Map<string, { endMs: number; partition: number }>();

  /** 'other': another content is there already; it stays. 'split': the same, by another partition. */
  insertVerdict(verdict: Verdict, partition = 0): 'stored' | 'other' | 'split' {
    const id = verdictId(verdict);
    const hash = verdictHash(verdict);
    const known = this.#contents.get(id);
    if (known?.hash === hash) return 'stored';
    if (known) return known.partition === partition ? 'other' : 'split';
    this.#contents.set(id, { hash, partition });
    this.verdicts.set(id, verdict);
    return 'stored';
  }

  /** Notes who wrote the entity; the event time at which two partitions were seen to share it, or null. */
  noteOwner({ stream, entity, windowStartMs, windowMs }: Verdict, partition: number): number | null {
    const key = JSON.stringify([stream, entity]);
    const endMs = windowStartMs + windowMs;
    const known = this.#newest.get(key);
    const apartMs = known ? endMs - known.endMs : 0;
    if (known && (known.partition === partition ? apartMs <= 0 : apartMs < -SPLIT_WITHIN_MS)) return null;
    const newestMs = Math.max(endMs, known?.endMs ?? endMs);
    this.#newest.set(key, { endMs: newestMs, partition });
    return known && known.partition !== partition && apartMs <= SPLIT_WITHIN_MS ? newestMs : null;
  }
}

/** Where a fault can strike a call: its request never arrives, or its answer never comes back. */
export type MemoryFault = 'request' | 'answer';

/** PartitionStore without a database; the same behaviour, proved by the same suite. */
export class MemoryPartitionStore implements PartitionStore {
  readonly #tables: MemoryTables;
  readonly #partition: number;
  readonly #splits = new SplitNotices();
  #fault: MemoryFault | null = null;
  #controlLast = 0;

  constructor(tables: MemoryTables, partition = 0) {
    this.#tables = tables;
    this.#partition = partition;
  }

  /** Makes the next call fail. */
  failNext(fault: MemoryFault): void {
    this.#fault = fault;
  }

  async #call<T>(work: () => T): Promise<T> {
    const fault = this.#fault;
    this.#fault = null;
    if (fault === 'request') throw new TidewatchError('database_unavailable', 'the request was lost');
    const controlLast = this.#controlLast;
    const result = work();
    if (fault === 'answer') this.#controlLast = controlLast;
    if (fault === 'answer') throw new TidewatchError('database_unavailable', 'the answer was lost');
    return result;
  }

  #row(): PartitionRow {
    const known = this.#tables.partitions.get(this.#partition);
    if (known) return known;
    const row: PartitionRow = { epoch: 0, offsetNext: 0, generations: [], control: [] };
    this.#tables.partitions.set(this.#partition, row);
    return row;
  }

  claim(_owner: string): Promise<Claim> {
    return this.#call((): Claim => {
      const row = this.#row();
      const epoch = ++row.epoch;
      this.#controlLast = row.control.length;
      if (row.generations.length === 0) return { epoch, offsetNext: 0, state: null };
      const whole = row.generations.findIndex((g) => sha256Hex(g.checkpoint.state) === g.sha256);
      row.generations = whole < 0 ? [] : row.generations.slice(whole);
      const newest = row.generations[0]?.checkpoint;
      row.offsetNext = newest?.offsetNext ?? 0;
      if (!newest) return { epoch, offsetNext: 0, state: null, recovered: 'log_start' };
      const claim: Claim = { epoch, offsetNext: newest.offsetNext, state: newest.state.slice() };
      return whole === 0 ? claim : { ...claim, recovered: 'older_generation' };
    });
  }

  controlEntries(after: number): Promise<ControlEntry[]> {
    return this.#call(() => this.#row().control.filter((entry) => entry.sequence > after));
  }

  appendControl(epoch: number, offset: number, change: ControlChange): Promise<ControlEntry | 'fenced'> {
    return this.#call(() => {
      const row = this.#row();
      if (row.epoch !== epoch) return 'fenced';
      const sequence = this.#controlLast + 1;
      const entry = { offset, sequence, ...change };
      const stored = row.control[sequence - 1];
      if (stored && JSON.stringify(stored) !== JSON.stringify(entry))
        throw new Error(`control entry ${sequence} exists and is another; the partition must be claimed again`);
      row.control[sequence - 1] = entry;
      this.#controlLast = sequence;
      return entry;
    });
  }

  flush(outputs: Outputs, epoch?: number): Promise<Flushed | 'fenced'> {
    return this.#call(() => {
      if (epoch !== undefined && this.#row().epoch !== epoch) return 'fenced';
      const tables = this.#tables;
      for (const letter of outputs.deadLetters) {
        const id = `${letter.partition}:${letter.offset}:${letter.point}`;
        if (!tables.deadLetters.has(id)) tables.deadLetters.set(id, letter);
      }
      let divergent = 0;
      for (const verdict of outputs.verdicts) {
        const result = tables.insertVerdict(verdict, this.#partition);
        if (result === 'other') divergent++;
        if (result === 'split') this.#splits.notice(verdict.entity, verdict.windowStartMs);
        const splitMs = tables.noteOwner(verdict, this.#partition);
        if (splitMs !== null) this.#splits.notice(verdict.entity, splitMs);
      }
      for (const state of outputs.incidents) {
        const known = tables.incidents.get(state.id);
        if (!known || isNewer(state, known)) tables.incidents.set(state.id, state);
      }
      for (const profile of outputs.profiles) {
        const id = `${profile.partition}:${profile.startMs}:${profile.sequence}`;
        const known = tables.profiles.get(id);
        if (known === undefined) tables.profiles.set(id, profile);
        else if (Buffer.compare(known.bytes, profile.bytes) !== 0) divergent++;
      }
      return { divergent, ...this.#splits.take() };
    });
  }

  checkpoint(checkpoint: Checkpoint): Promise<'committed' | 'fenced'> {
    return this.#call(() => {
      const row = this.#row();
      const { epoch, offsetPrevious, ...rest } = checkpoint;
      if (row.epoch !== epoch) return 'fenced';
      const sha256 = sha256Hex(rest.state);
      const repeated = row.offsetNext === rest.offsetNext && row.generations[0]?.sha256 === sha256;
      if (repeated) return 'committed';
      if (row.offsetNext !== offsetPrevious)
        throw new Error(
          `the partition stands at offset ${row.offsetNext}, neither ${offsetPrevious} nor ${rest.offsetNext}`,
        );
      row.offsetNext = rest.offsetNext;
      row.generations = [{ checkpoint: { ...rest, state: rest.state.slice() }, sha256 }, ...row.generations].slice(
        0,
        2,
      );
      return 'committed';
    });
  }

  recordLoss(fromOffset: number, toOffset: number, reason: string): Promise<void> {
    return this.#call(() => {
      const partition = this.#partition;
      this.#tables.lostRanges.set(`${partition}:${fromOffset}`, { partition, fromOffset, toOffset, reason });
    });
  }
}

/** ModelStore without a database. */
export class MemoryModelStore implements ModelStore {
  readonly #models = new Map<string, Uint8Array>();

  async put(modelId: string, _stream: string, artifact: Uint8Array, _about: Record<string, unknown>): Promise<void> {
    const known = this.#models.get(modelId);
    if (known && sha256Hex(known) !== sha256Hex(artifact))
      throw new TidewatchError('artifact_mismatch', `model ${modelId} exists with other bytes`);
    this.#models.set(modelId, artifact.slice());
  }

  async get(modelId: string): Promise<Uint8Array | null> {
    return this.#models.get(modelId)?.slice() ?? null;
  }
}
