import type { Random } from '../../core/random.ts';
import type { ControlChange } from '../../core/types.ts';
import type { Checkpoint, Outputs, PartitionStore } from '../../ingest/ports.ts';
import { MemoryPartitionStore, type MemoryTables } from '../../store/memory.ts';
import type { Process, World } from './world.ts';

/** What a checkpoint changed, as seen from the tables: it counts when its answer was lost, too. */
export interface Commit {
  /** Epoch of the worker that wrote it, and the newest one at that time. */
  epoch: number;
  newestEpoch: number;
  offsetNext: number;
  watermarkMs: number;
  controlSequence: number;
  /** Verdicts durable by then. */
  verdicts: number;
}

/** What happened, for the checker. */
export class History {
  readonly epochs: number[] = [];
  readonly commits: Commit[] = [];
  readonly violations = new Set<string>();
  divergent = 0;
  readonly faults = { kill: 0, pause: 0, rebalance: 0, request: 0, answer: 0, fenced: 0, change: 0, idle: 0 };
}

const LOST_SHARE = 0.06;
const LATENCY_MS = 40;

/** MemoryPartitionStore at a distance: every call takes time on its way there and back, and may be lost on either. */
export class SimStore implements PartitionStore {
  readonly tables: MemoryTables;
  readonly #inner: MemoryPartitionStore;
  readonly #world: World;
  readonly #process: Process;
  readonly #history: History;
  readonly #faulty: () => boolean;
  #epoch = 0;

  constructor(tables: MemoryTables, world: World, process: Process, history: History, faulty: () => boolean) {
    this.tables = tables;
    this.#inner = new MemoryPartitionStore(tables);
    this.#world = world;
    this.#process = process;
    this.#history = history;
    this.#faulty = faulty;
  }

  travel(): Promise<void> {
    return this.#world.gate(this.#process, this.#world.nowMs + this.#world.random.below(LATENCY_MS));
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    await this.travel();
    const fault = this.#faulty() ? lost(this.#world.random) : null;
    if (fault !== null) {
      this.#history.faults[fault]++;
      this.#inner.failNext(fault);
    }
    const before = this.#row()?.generations[0];
    const answer = work(); // takes effect at once, or not at all
    const row = this.#row();
    const after = row?.generations[0];
    if (row && after && after !== before && row.generations[1] === before) {
      const { offsetNext, watermarkMs, controlSequence } = after.checkpoint;
      const verdicts = this.tables.verdicts.size;
      const epochs = { epoch: this.#epoch, newestEpoch: row.epoch };
      this.#history.commits.push({ ...epochs, offsetNext, watermarkMs, controlSequence, verdicts });
    }
    const [result] = await Promise.allSettled([answer]);
    await this.travel();
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }

  #row() {
    return this.tables.partitions.get(0);
  }

  async claim(owner: string) {
    const claim = await this.#call(() => this.#inner.claim(owner));
    this.#epoch = claim.epoch;
    this.#history.epochs.push(claim.epoch);
    return claim;
  }

  controlEntries(after: number) {
    return this.#call(() => this.#inner.controlEntries(after));
  }

  appendControl(epoch: number, offset: number, change: ControlChange) {
    return this.#call(() => this.#inner.appendControl(epoch, offset, change));
  }

  async flush(outputs: Outputs, epoch?: number) {
    const result = await this.#call(() => this.#inner.flush(outputs, epoch));
    if (result !== 'fenced') this.#history.divergent += result.divergent;
    return result;
  }

  checkpoint(checkpoint: Checkpoint) {
    return this.#call(() => this.#inner.checkpoint(checkpoint));
  }

  recordLoss(fromOffset: number, toOffset: number, reason: string) {
    return this.#call(() => this.#inner.recordLoss(fromOffset, toOffset, reason));
  }
}

function lost(random: Random): 'request' | 'answer' | null {
  const draw = random.next();
  return draw < LOST_SHARE ? 'request' : draw < 2 * LOST_SHARE ? 'answer' : null;
}
