import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { firstState, step } from '../decide/step.ts';
import type { Policy } from '../decide/types.ts';
import { evidenceOf, type ObservedParts } from '../ledger/evidence.ts';
import type { MonitorHold, MonitorStore, OutboxMessage } from '../store.ts';
import type { Decision, Effect, EffectResult, Input, MonitorState } from '../types.ts';
import { carryOut } from './effects.ts';
import type { EffectRunner } from './ports.ts';

export interface ControllerOptions {
  store: Pick<MonitorStore, 'state'>;
  hold: MonitorHold;
  effects: EffectRunner;
  clock: Clock;
  policy: (stream: string) => Policy;
  /** What is to be told to whom. */
  messages: (decisions: readonly Decision[], nowMs: number) => OutboxMessage[];
  /** Inputs are kept, so that spans can be simulated. */
  record?: boolean;
  /** Once they are durable. */
  onDecided?: (decisions: readonly Decision[], state: MonitorState) => void;
  /** An effect failed and is tried again, or could not be answered. */
  onTrouble?: (stream: string, effect: Effect, cause: unknown) => void;
}

/**
 * The one that decides for all streams while it has the hold. Every input is one transaction: the new state, what was
 * decided, its evidence, what is to serve and what is to be told; then the effects that it ordered run beside, and their
 * results come back as inputs. Killed anywhere, the next one finds the state and runs what is unanswered: effects are
 * safe to repeat, and a result whose effect is answered changes nothing.
 */
export class Controller {
  readonly #o: ControllerOptions;
  readonly #stop = new AbortController();
  /** End of the last input of each stream: inputs of a stream are taken one after the other. */
  readonly #last = new Map<string, Promise<unknown>>();
  /** Effects that run, by id. */
  readonly #running = new Map<string, Promise<void>>();
  /** The effect of each stream that was answered last: a state that was read before that still has it. */
  readonly #answered = new Map<string, string>();
  #fenced = false;

  constructor(options: ControllerOptions) {
    this.#o = options;
    options.hold.lost.addEventListener('abort', () => this.#lose());
    if (options.hold.lost.aborted) this.#lose();
  }

  /** Somebody else decides by now. */
  get fenced(): boolean {
    return this.#fenced;
  }

  /**
   * Takes an input; what was decided, or [] when it was taken before. observed: what its observation was computed from.
   * Throws already_running once another has the hold, and what the store throws; then nothing was taken.
   */
  take(stream: string, input: Input, observed: ObservedParts | null = null): Promise<Decision[]> {
    const before = this.#last.get(stream) ?? Promise.resolve();
    const mine = before.then(() => this.#take(stream, input, observed));
    this.#last.set(
      stream,
      mine.catch(() => undefined),
    );
    return mine;
  }

  /** Runs the effects of a stream that were ordered and not answered, by whomever. */
  async resume(stream: string): Promise<void> {
    const state = await this.#o.store.state(stream);
    if (state !== null) this.#start(state);
  }

  /** Resolves when no effect runs any more and every input is taken. */
  async settle(): Promise<void> {
    for (;;) {
      await Promise.all(this.#last.values());
      if (this.#running.size === 0) return;
      await Promise.all(this.#running.values());
    }
  }

  /** Takes nothing more; effects that run are told to end, and the next controller repeats them. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([...this.#last.values(), ...this.#running.values()]);
    await this.#o.hold.release();
  }

  async #take(stream: string, input: Input, observed: ObservedParts | null): Promise<Decision[]> {
    if (this.#fenced) throw fenced();
    const { store, hold, clock, messages, onDecided } = this.#o;
    const policy = this.#o.policy(stream);
    // a state that an earlier version wrote lacks what it did not know of
    const before = { ...firstState(stream), ...(await store.state(stream)) };
    const { state, decisions } = step(policy, before, input);
    const packed = decisions.length > 0 ? evidenceOf({ policy, state: before, input, observed }) : null;
    const result = await hold.commit({
      stream,
      expected: before.version,
      input: input.key,
      ...(this.#o.record === true ? { record: input } : {}),
      state,
      observation: input.kind === 'observation' ? input.observation : null,
      decisions: packed === null ? [] : decisions.map((decision) => ({ decision, evidence: packed.sha256 })),
      evidence: packed?.blobs ?? new Map(),
      serving: state.serving.revision > before.serving.revision ? state.serving : null,
      outbox: messages(decisions, clock.now()),
    });
    if (result === 'fenced') {
      this.#lose();
      throw fenced();
    }
    if (result === 'known') return [];
    onDecided?.(decisions, state);
    this.#start(state);
    return decisions;
  }

  /** One effect of a stream at a time: the others wait for its answer. */
  #start(state: MonitorState): void {
    if (this.#stop.signal.aborted) return;
    const busy = state.effects.some(({ id }) => this.#running.has(id));
    const [next] = state.effects;
    if (busy || next === undefined || next.id === this.#answered.get(state.stream)) return;
    const trouble = (cause: unknown) => this.#o.onTrouble?.(state.stream, next, cause);
    const run = this.#run(state.stream, next)
      .then(() => this.resume(state.stream))
      // what could not be taken is run again with the next input
      .catch(trouble)
      .finally(() => this.#running.delete(next.id));
    this.#running.set(next.id, run);
  }

  async #run(stream: string, effect: Effect): Promise<void> {
    const { effects, clock, store, onTrouble } = this.#o;
    const { signal } = this.#stop;
    const result: EffectResult | null = await carryOut(effect, effects, clock, signal, (cause) =>
      onTrouble?.(stream, effect, cause),
    );
    if (result === null) return;
    const atMs = (await store.state(stream))?.atMs ?? 0;
    await this.take(stream, { kind: 'effect', key: `effect ${effect.id}`, effect: effect.id, atMs, result });
    this.#answered.set(stream, effect.id);
  }

  #lose(): void {
    this.#fenced = true;
    this.#stop.abort();
  }
}

const fenced = (): TidewatchError => new TidewatchError('already_running', 'another monitor decides by now');
