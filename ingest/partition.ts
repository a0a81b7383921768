import { TidewatchError } from '../core/errors.ts';
import type { ControlChange, ControlEntry } from '../core/types.ts';
import { ChangeQueue } from './change-queue.ts';
import { CheckpointPace } from './checkpoint-pace.ts';
import { inForce } from './in-force.ts';
import { verifiedChange } from './model-check.ts';
import type { PartitionOptions } from './partition-options.ts';
import { passes, patiently } from './patience.ts';
import { noOutputs, type Outputs, type PartitionFold, yielded } from './ports.ts';
import { fenced, learnEnd, restoreFold, stopped } from './restore.ts';

/** Asked of the log at once: makes a flush worth its round trip and keeps latency low. */
const READ_BYTES = 1 << 20;
/** After a long silence the watermark moves in steps of this share of it: a silent day is tens of entries, not 17,280. */
const IDLE_SHARE = 0.125;
/**
 * Drives the fold of one partition by the checkpoint protocol (docs/decisions/0009-checkpoint-protocol.md): claim, fold
 * in log order with control entries at their offsets, flush each batch, checkpoint state and next offset together, on a
 * timer when idle too. One claim, one run; whatever ends a run leaves only what a new claim repeats.
 */
export class Partition<F extends PartitionFold> {
  readonly #o: PartitionOptions<F>;
  #fold!: F;
  #epoch = 0;
  #next = 0;
  #saved = 0;
  #savedSequence = 0;
  /** Records below may have been judged by a former owner: a new control entry takes effect here at the earliest. */
  #judgedTo = 0;
  #pending: ControlEntry[] = [];
  // Monotonic times: a wall clock that is set must neither close windows nor put off a checkpoint.
  readonly #pace: CheckpointPace;
  /** The last step put out verdicts. */
  #flushed = false;
  /** Append time of the first record of this step that yielded something; NaN before one has. */
  #yieldedMs = Number.NaN;
  #lastRecordMs = 0;
  #movedMs = 0;
  readonly #changes = new ChangeQueue();
  #wake = new AbortController();
  #stop: AbortSignal = new AbortController().signal;
  readonly #fetch = (modelId: string) => this.#retry(() => this.#o.models.get(modelId));

  constructor(options: PartitionOptions<F>) {
    this.#o = options;
    this.#pace = new CheckpointPace(options.checkpointMs);
  }

  get fold(): F {
    return this.#fold;
  }

  /** Of its claim. */
  get epoch(): number {
    return this.#epoch;
  }

  get lag(): number {
    return Math.max(0, this.#o.log.end() - this.#next);
  }

  get offsetNext(): number {
    return this.#next;
  }

  /** What lies below need not be read again after a crash. */
  get offsetSaved(): number {
    return this.#saved;
  }

  /** Claims the partition and restores its newest good state; waits while PostgreSQL or the log is away. */
  async claim(signal: AbortSignal = this.#stop): Promise<void> {
    const { store, folds, log, owner, clock, onNotice } = this.#o;
    this.#stop = signal;
    const claim = await this.#retry(() => store.claim(owner));
    this.#epoch = claim.epoch;
    this.#next = this.#saved = claim.offsetNext;
    await learnEnd(log, this.#next, clock, signal);
    this.#judgedTo = log.end();
    if (claim.recovered !== undefined) {
      const from = claim.recovered === 'log_start' ? 'the start of the log' : 'the generation before';
      onNotice?.(`goes on from ${from}`, { code: 'state_corrupt', detail: `offset ${claim.offsetNext}` });
    }
    const restored = claim.state === null ? null : await restoreFold(folds, claim.state, this.#fetch);
    if (restored?.ok === false)
      onNotice?.(`windows start afresh at offset ${this.#next}: the saved state does not fit`, restored.fault);
    await this.#noteLoss(claim.recovered === undefined ? 'retention' : 'state_corrupt');
    this.#fold = restored?.ok ? restored.value : folds.create();
    this.#savedSequence = this.#fold.controlSequence;
    const entries = await this.#retry(() => store.controlEntries(this.#savedSequence));
    this.#pending = restored?.ok ? entries : inForce(entries, this.#next);
    this.#lastRecordMs = this.#movedMs = clock.elapsed();
    this.#pace.started(this.#movedMs);
  }

  /** Reads and folds until the signal aborts, then checkpoints and returns. Throws when another owner has taken over. */
  async run(signal: AbortSignal): Promise<void> {
    this.#stop = signal;
    const wake = () => this.#wake.abort();
    let ended: unknown = stopped();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        const moved = await this.#step();
        if (!moved) await this.#rest();
        if (this.#pace.due(this.#o.clock.elapsed(), this.#flushed)) await this.#checkpoint();
      }
      await this.#checkpoint();
    } catch (cause) {
      ended = cause;
      if (!signal.aborted || !passes(cause)) throw cause;
      this.#o.onNotice?.('stops unsaved; what it read since its checkpoint is read again', cause);
    } finally {
      signal.removeEventListener('abort', wake);
      this.#changes.end(ended);
    }
  }

  /** Waits for a record, a control change or the next timer. */
  async #rest(): Promise<void> {
    const { clock, log, checkpointMs, idleMs } = this.#o;
    const wake = new AbortController();
    this.#wake = wake;
    if (this.#changes.length > 0 || this.#stop.aborted) return;
    const timer = clock.sleep(Math.min(checkpointMs, idleMs), wake.signal);
    await Promise.race([log.waitFor(this.#next, wake.signal), timer]);
    wake.abort();
  }

  /** One batch: changes, due control entries, records up to the next entry, flush. False when there was nothing to do. */
  async #step(): Promise<boolean> {
    const out = noOutputs();
    await this.#changes.drain((change) => this.#accept(change));
    const controlled = await this.#foldControls(out);
    const moved = (await this.#foldRecords(out)) || controlled;
    if (!moved) await this.#advanceIdle();
    await this.#flush(out);
    this.#flushed = out.verdicts.length > 0;
    return moved;
  }

  async #foldControls(out: Outputs): Promise<boolean> {
    let moved = false;
    for (let entry = this.#pending[0]; entry && entry.offset <= this.#next; entry = this.#pending[0]) {
      const verified = await this.#verified(entry);
      if (verified.ok) this.#fold.control(entry, out, verified.value ?? undefined);
      else this.#o.onNotice?.(`${nameOf(entry)} cannot serve; what served before goes on`, verified.fault);
      this.#pending.shift();
      moved = true;
    }
    return moved;
  }

  async #foldRecords(out: Outputs): Promise<boolean> {
    const { log, clock } = this.#o;
    if (await this.#noteLoss('retention')) return true;
    const until = this.#pending[0]?.offset ?? Number.POSITIVE_INFINITY;
    const records = await log.read(this.#next, READ_BYTES);
    if (records.length === 0) return false;
    this.#lastRecordMs = this.#movedMs = clock.elapsed();
    // removed while we read: the next step notes it before anything after the gap is folded
    if (records[0]!.offset > this.#next && this.#next < log.start()) return true;
    const startedMs = clock.elapsed();
    let [folded, bytes] = [0, 0];
    for (const record of records) {
      if (record.offset >= until) {
        this.#next = until;
        break;
      }
      this.#fold.record(record, out);
      this.#next = record.offset + 1;
      folded++;
      bytes += record.value.length;
      if (Number.isNaN(this.#yieldedMs) && yielded(out)) this.#yieldedMs = record.appendMs;
    }
    this.#o.observe?.folded?.(folded, bytes, clock.elapsed() - startedMs);
    return true;
  }

  async #noteLoss(reason: string): Promise<boolean> {
    const from = this.#next;
    const to = this.#o.log.start();
    if (from >= to) return false;
    this.#o.onNotice?.(`records ${from} to ${to - 1} are gone from the log (${reason})`);
    await this.#retry(() => this.#o.store.recordLoss(from, to, reason));
    this.#o.observe?.lost?.(from, to);
    this.#next = to;
    return true;
  }

  /** Moves the watermark of a silent partition by as much time as has passed, whatever the records' clock. */
  async #advanceIdle(): Promise<void> {
    const { clock, idleMs, log } = this.#o;
    const nowMs = clock.elapsed();
    const passedMs = Math.floor(nowMs - this.#movedMs);
    if (passedMs < Math.max(idleMs, (nowMs - this.#lastRecordMs) * IDLE_SHARE)) return;
    if (!this.#fold.waitsForTime) return;
    // it may be the log that is away rather than its senders
    if (!(await log.refresh()) || log.end() > this.#next) return;
    this.#movedMs += passedMs;
    await this.#append({ kind: 'watermark', toMs: this.#fold.watermarkMs + passedMs });
  }

  async #flush(out: Outputs): Promise<void> {
    const { store, onFlushed, onNotice, observe, clock } = this.#o;
    if (!yielded(out)) return;
    const result = await this.#retry(() => store.flush(out, this.#epoch));
    if (result === 'fenced') throw fenced();
    observe?.flushed?.(out, clock.now() - this.#yieldedMs, result.divergent);
    this.#yieldedMs = Number.NaN;
    if (result.split !== undefined && result.split.length > 0) observe?.split?.(result.split);
    if (result.divergent > 0)
      onNotice?.(
        `${result.divergent} verdicts or interval profiles differ from those already stored under their identity`,
      );
    try {
      onFlushed?.(out);
    } catch (cause) {
      onNotice?.(`a listener failed on what was flushed: ${String(cause)}`);
    }
  }

  /**
   * Makes a change durable; resolves with its entry, which takes effect before the record at its offset. Rejects when
   * a model or a calibration cannot serve, or when the loop has ended: then the entry may be durable, and the control log knows.
   */
  change(change: ControlChange): Promise<ControlEntry> {
    const answer = this.#changes.ask(change);
    this.#wake.abort();
    return answer;
  }

  async #accept(change: ControlChange): Promise<ControlEntry | Error> {
    const verified = await this.#verified(change);
    if (verified.ok) return this.#append(change);
    return new TidewatchError(verified.fault.code, verified.fault.detail);
  }

  #verified(change: ControlChange) {
    return verifiedChange(change, this.#fetch, this.#o.folds.create);
  }

  async #append(change: ControlChange): Promise<ControlEntry> {
    const offset = Math.max(this.#next, this.#judgedTo, this.#pending.at(-1)?.offset ?? 0);
    const entry = await this.#retry(() => this.#o.store.appendControl(this.#epoch, offset, change));
    if (entry === 'fenced') throw fenced();
    this.#pending.push(entry);
    return entry;
  }

  /** Saves state and next offset in one transaction, if either has moved since. Only between steps: all is flushed. */
  async #checkpoint(): Promise<void> {
    const { clock, store } = this.#o;
    const startedMs = clock.elapsed();
    this.#pace.started(startedMs);
    const { watermarkMs, counters, controlSequence } = this.#fold;
    if (this.#next === this.#saved && controlSequence === this.#savedSequence) return;
    const position = { epoch: this.#epoch, offsetPrevious: this.#saved, offsetNext: this.#next };
    const checkpoint = { ...position, state: this.#fold.save(), watermarkMs, controlSequence, counters };
    const savedMs = clock.elapsed();
    let triedMs = savedMs;
    const result = await this.#retry(() => {
      triedMs = clock.elapsed();
      return store.checkpoint(checkpoint);
    });
    if (result === 'fenced') throw fenced();
    this.#saved = position.offsetNext;
    this.#savedSequence = controlSequence;
    // what was waited for PostgreSQL is no cost of this state
    const costMs = savedMs - startedMs + (clock.elapsed() - triedMs);
    this.#pace.cost(costMs);
    this.#o.observe?.checkpointed?.(this.#saved, costMs, checkpoint.state.length);
  }

  #retry<T>(call: () => Promise<T>): Promise<T> {
    return patiently(call, this.#o.clock, this.#stop, this.#o.onNotice, () => this.#o.observe?.retried?.());
  }
}

const nameOf = (entry: ControlEntry): string =>
  'modelId' in entry ? `${entry.kind} ${entry.modelId}`.replace('calibration ', 'the calibration of ') : entry.kind;
