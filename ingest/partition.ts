import type { Clock } from '../core/clock.ts';
import { type Fault, type Result, TidewatchError } from '../core/errors.ts';
import type { ControlChange, ControlEntry } from '../core/types.ts';
import type { Log, ModelStore, Outputs, PartitionFold, PartitionStore } from './ports.ts';

/** How the loop makes and restores folds without knowing the detector. */
export interface FoldFactory<F extends PartitionFold> {
  create(): F;
  /** Id of the model that a state needs, '' for none. */
  modelOf(state: Uint8Array): Result<string>;
  restore(state: Uint8Array, model?: Uint8Array): Result<F>;
}

export interface PartitionOptions<F extends PartitionFold> {
  log: Log;
  store: PartitionStore;
  models: ModelStore;
  folds: FoldFactory<F>;
  clock: Clock;
  owner: string;
  checkpointMs: number;
  /** Silence after which the watermark is moved by a control entry. */
  idleMs: number;
  /** Called once a batch is durable. */
  onFlushed?: (outputs: Outputs) => void;
  /** Something an operator should know; the loop goes on. */
  onNotice?: (message: string, fault?: Fault) => void;
}

/** Bytes asked of the log at once: enough to make a flush worth its round trip, little enough to keep latency low. */
const READ_BYTES = 1 << 20;
/** A checkpoint may take this share of the time: large states are saved less often, and replay stays bounded by it. */
const CHECKPOINT_SHARE = 0.1;
/** Troubles of PostgreSQL that pass, or that an operator mends while we wait. */
const PASSING: ReadonlySet<string> = new Set(['database_unavailable', 'disk_full']);
/** Pause after PostgreSQL refused a write; the log is the buffer meanwhile. */
const RETRY_MS = [100, 250, 500, 1000, 2000, 5000];

/**
 * Drives the fold of one partition by the checkpoint protocol: claim, fold in log order with control entries at their
 * offsets, flush each batch, checkpoint state and next offset together, on a timer when idle too. Throws a
 * TidewatchError when another owner has taken the partition.
 */
export class Partition<F extends PartitionFold> {
  readonly #o: PartitionOptions<F>;
  #fold!: F;
  #epoch = 0;
  #next = 0;
  #saved = 0;
  #savedSequence = 0;
  #pending: ControlEntry[] = [];
  #checkpointedMs = 0;
  #checkpointCostMs = 0;
  #lastRecordMs = 0;
  #changes: { change: ControlChange; done: (entry: ControlEntry) => void; failed: (cause: unknown) => void }[] = [];
  #wake = new AbortController();

  constructor(options: PartitionOptions<F>) {
    this.#o = options;
  }

  get fold(): F {
    return this.#fold;
  }

  get lag(): number {
    return Math.max(0, this.#o.log.end() - this.#next);
  }

  get offsetNext(): number {
    return this.#next;
  }

  /** Offset up to which nothing has to be read again after a crash. */
  get offsetSaved(): number {
    return this.#saved;
  }

  /** Claims the partition and restores its newest good state. */
  async claim(): Promise<void> {
    const { store, folds, log, models, owner, clock } = this.#o;
    const claim = await store.claim(owner);
    this.#epoch = claim.epoch;
    this.#next = this.#saved = claim.offsetNext;
    this.#fold = folds.create();
    if (claim.state !== null) {
      const modelId = folds.modelOf(claim.state);
      const restored = modelId.ok
        ? folds.restore(claim.state, (await models.get(modelId.value)) ?? undefined)
        : modelId;
      if (restored.ok) this.#fold = restored.value;
      else this.#o.onNotice?.('the saved state does not fit; windows start afresh at its offset', restored.fault);
    }
    if (this.#next < log.start()) {
      const to = log.start() - 1;
      this.#o.onNotice?.(`records ${this.#next} to ${to} were removed from the log before they were read`);
      await store.recordLoss(this.#next, log.start(), 'retention');
      this.#next = log.start();
    }
    this.#savedSequence = this.#fold.controlSequence;
    this.#pending = await store.controlEntries(this.#fold.controlSequence);
    this.#checkpointedMs = this.#lastRecordMs = clock.now();
  }

  /** Reads and folds until the signal aborts, then checkpoints and returns. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#o;
    while (!signal.aborted) {
      const moved = await this.step();
      if (!moved) await this.#rest(signal);
      if (clock.now() - this.#checkpointedMs >= this.#checkpointEvery()) await this.checkpoint();
    }
    await this.checkpoint();
  }

  #checkpointEvery(): number {
    return Math.max(this.#o.checkpointMs, this.#checkpointCostMs / CHECKPOINT_SHARE);
  }

  /** Waits for a record, a control change or the next timer. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#o;
    this.#wake = new AbortController();
    if (this.#changes.length > 0) return;
    const any = AbortSignal.any([signal, this.#wake.signal]);
    const timer = new AbortController();
    const waiting = AbortSignal.any([any, timer.signal]);
    await Promise.race([
      log.waitFor(this.#next, waiting),
      clock.sleep(Math.min(this.#o.checkpointMs, this.#o.idleMs), waiting),
    ]);
    timer.abort();
  }

  /** One batch: due control entries, records up to the next entry, flush. False when there was nothing to do. */
  async step(): Promise<boolean> {
    const out: Outputs = { verdicts: [], incidents: [], deadLetters: [] };
    await this.#acceptChanges();
    let moved = await this.#foldControls(out);
    const until = this.#pending[0]?.offset ?? Number.POSITIVE_INFINITY;
    const records = this.#next < until ? await this.#o.log.read(this.#next, READ_BYTES) : [];
    for (const record of records) {
      if (record.offset >= until) break;
      this.#fold.record(record, out);
      this.#next = record.offset + 1;
      moved = true;
    }
    if (records.length > 0) this.#lastRecordMs = this.#o.clock.now();
    else if (!moved) await this.#advanceIdle();
    if (out.verdicts.length + out.incidents.length + out.deadLetters.length > 0) {
      const { divergent } = await this.#retry(() => this.#o.store.flush(out));
      if (divergent > 0)
        this.#o.onNotice?.(`${divergent} verdicts differ from those already stored under their identity`);
      this.#o.onFlushed?.(out);
    }
    return moved;
  }

  async #foldControls(out: Outputs): Promise<boolean> {
    let moved = false;
    while (this.#pending.length > 0 && this.#pending[0]!.offset <= this.#next) {
      const entry = this.#pending.shift()!;
      const model = entry.kind === 'model' ? ((await this.#o.models.get(entry.modelId)) ?? undefined) : undefined;
      this.#fold.control(entry, out, model);
      moved = true;
    }
    return moved;
  }

  /** Moves the watermark of a silent partition by as much time as has passed, whatever the records' clock. */
  async #advanceIdle(): Promise<void> {
    const idleMs = this.#o.clock.now() - this.#lastRecordMs;
    if (idleMs < this.#o.idleMs || !this.#fold.waitsForTime) return;
    this.#lastRecordMs += idleMs;
    await this.#append({ kind: 'watermark', toMs: this.#fold.watermarkMs + idleMs });
  }

  /** Makes a change durable at the present offset; it takes effect with the next step. */
  change(change: ControlChange): Promise<ControlEntry> {
    return new Promise((done, failed) => {
      this.#changes.push({ change, done, failed });
      this.#wake.abort();
    });
  }

  async #acceptChanges(): Promise<void> {
    for (const { change, done, failed } of this.#changes.splice(0)) {
      try {
        done(await this.#append(change));
      } catch (cause) {
        failed(cause);
        throw cause;
      }
    }
  }

  async #append(change: ControlChange): Promise<ControlEntry> {
    const entry = await this.#retry(() => this.#o.store.appendControl(this.#epoch, this.#next, change));
    if (entry === 'fenced') throw fenced();
    this.#pending.push(entry);
    return entry;
  }

  /** Saves state and next offset in one transaction, if either has moved since. */
  async checkpoint(): Promise<void> {
    const { clock, store } = this.#o;
    const started = clock.now();
    this.#checkpointedMs = started;
    if (this.#next === this.#saved && this.#fold.controlSequence === this.#savedSequence) return;
    const offsetNext = this.#next;
    const controlSequence = this.#fold.controlSequence;
    const state = this.#fold.save();
    const { watermarkMs, counters } = this.#fold;
    const result = await this.#retry(() =>
      store.checkpoint({
        epoch: this.#epoch,
        offsetPrevious: this.#saved,
        offsetNext,
        state,
        watermarkMs,
        controlSequence,
        counters,
      }),
    );
    if (result === 'fenced') throw fenced();
    this.#saved = offsetNext;
    this.#savedSequence = controlSequence;
    this.#checkpointCostMs = clock.now() - started;
  }

  /** PostgreSQL may be away for a while: writes are repeated, unchanged, until it answers. */
  async #retry<T>(write: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await write();
      } catch (cause) {
        if (!(cause instanceof TidewatchError) || !PASSING.has(cause.code)) throw cause;
        if (attempt === 0)
          this.#o.onNotice?.('cannot write to PostgreSQL; waiting', { code: cause.code, detail: cause.detail });
        await this.#o.clock.sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!);
      }
    }
  }
}

const fenced = () => new TidewatchError('already_running', 'another process has taken over this partition');
