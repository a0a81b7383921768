import { canonicalJson } from '../../core/config/hash.ts';
import { TidewatchError } from '../../core/errors.ts';
import { step } from '../decide/step.ts';
import type { Policy } from '../decide/types.ts';
import type { Decision, Effect, EffectResult, Input, MonitorState } from '../types.ts';

/** A century of hourly observations. */
export const MAX_SIMULATED_INPUTS = 1_000_000;

export interface Simulation {
  decisions: readonly Decision[];
  state: MonitorState;
  inputs: number;
  /** What a reader of the result must know: answers that were not recorded, observations of a model that would not serve. */
  notes: readonly string[];
}

/** What was asked for while it was recorded: still unanswered, or answered by the input at `at`. */
type Asked = { at: number | null };

/**
 * What a policy would have decided on recorded inputs, by the very step that the monitor takes. recordedUnder: the policy
 * that was in force, which tells what each recorded answer answers; the same policy simulates to exactly what was decided.
 *
 * An effect that was asked for in the record too is answered as it was then, and at the same time. One that was not is
 * answered `failed` at once, and a note says so: nobody knows what it would have come to. Throws request_invalid for too
 * many inputs.
 */
export function simulate(
  policy: Policy,
  firstState: MonitorState,
  inputs: Iterable<Input>,
  { recordedUnder = policy }: { recordedUnder?: Policy } = {},
): Simulation {
  const recorded: Input[] = [];
  for (const input of inputs) {
    if (recorded.length >= MAX_SIMULATED_INPUTS)
      throw new TidewatchError('request_invalid', `more than ${MAX_SIMULATED_INPUTS} inputs`);
    recorded.push(input);
  }
  const record = readRecord(recordedUnder, firstState, recorded);
  const run = new Run(policy, firstState);
  for (const [at, input] of recorded.entries()) {
    const taken = input.kind === 'effect' ? run.answered(input, record.answeredBy.get(at) ?? null) : input;
    if (taken === null) continue;
    if (taken.kind === 'observation') run.noteModel(taken.observation.modelId, taken.observation.atMs);
    run.take(taken);
    run.answerUnrecorded(record.asked);
  }
  return run.simulation(recorded.length);
}

/** Takes the recorded inputs under the policy of then, to learn which effect each answer belongs to. */
function readRecord(policy: Policy, firstState: MonitorState, inputs: readonly Input[]) {
  const asked = new Map<string, Asked>();
  const answeredBy = new Map<number, Effect>();
  let state = firstState;
  for (const effect of state.effects) asked.set(orderKey(effect), { at: null });
  for (const [at, input] of inputs.entries()) {
    if (input.kind === 'effect') {
      const effect = state.effects.find(({ id }) => id === input.effect);
      if (effect !== undefined) {
        asked.set(orderKey(effect), { at });
        answeredBy.set(at, effect);
      }
    }
    const before = new Set(state.effects.map(({ id }) => id));
    state = step(policy, state, input).state;
    for (const effect of state.effects) if (!before.has(effect.id)) asked.set(orderKey(effect), { at: null });
  }
  return { asked, answeredBy };
}

/** What is ordered, whatever it is called: another policy numbers its decisions otherwise, and the seed hangs on that. */
function orderKey({ id: _id, decision: _decision, ...order }: Effect): string {
  return canonicalJson(order.kind === 'train' ? { ...order, seed: null } : order);
}

class Run {
  readonly #policy: Policy;
  readonly #decisions: Decision[] = [];
  readonly #notes: string[] = [];
  readonly #known: Set<string>;
  #state: MonitorState;
  #otherModel: string | null = null;
  #dropped = 0;

  constructor(policy: Policy, state: MonitorState) {
    this.#policy = policy;
    this.#state = state;
    this.#known = new Set(state.effects.map(({ id }) => id));
  }

  take(input: Input): void {
    const { state, decisions } = step(this.#policy, this.#state, input);
    this.#state = state;
    for (const decision of decisions) this.#decisions.push(decision);
  }

  /** A recorded answer under the name that its effect has here; null where nobody asked for it here. */
  answered(input: Extract<Input, { kind: 'effect' }>, effect: Effect | null): Input | null {
    const waiting = this.#state.effects;
    const same = waiting.find(({ id }) => id === input.effect);
    // an answer that came too late even then: nothing but a step that counts
    if (effect === null) return same === undefined ? input : null;
    const key = orderKey(effect);
    const here = same !== undefined && orderKey(same) === key ? same : waiting.find((one) => orderKey(one) === key);
    if (here === undefined) {
      this.#dropped++;
      return null;
    }
    return { ...input, effect: here.id };
  }

  /** Answers what was ordered here and never in the record, until nothing new is ordered. */
  answerUnrecorded(asked: ReadonlyMap<string, Asked>): void {
    for (;;) {
      const fresh = this.#state.effects.find(({ id }) => !this.#known.has(id));
      if (fresh === undefined) return;
      this.#known.add(fresh.id);
      if (asked.has(orderKey(fresh))) continue;
      const served: EffectResult = { kind: 'served' };
      const failed: EffectResult = {
        kind: 'failed',
        code: 'not_recorded',
        detail: 'nothing of the kind was done in the record',
      };
      if (fresh.kind !== 'serve')
        this.#notes.push(
          `${fresh.decision} orders to ${fresh.kind} up to ${timeText(this.#state.atMs)}: that was not done in the record, so it is answered as failed.`,
        );
      this.take({
        kind: 'effect',
        key: `simulated:${fresh.id}`,
        effect: fresh.id,
        atMs: this.#state.atMs,
        result: fresh.kind === 'serve' ? served : failed,
      });
    }
  }

  noteModel(modelId: string, atMs: number): void {
    const serves = this.#state.serving.champion?.modelId ?? null;
    if (serves === null || serves === modelId || this.#otherModel === `${serves} ${modelId}`) return;
    this.#otherModel = `${serves} ${modelId}`;
    this.#notes.push(
      `From ${timeText(atMs)} on the record tells of ${modelId || 'no model'}, while ${serves} would serve: what it would have seen is not known.`,
    );
  }

  simulation(inputs: number): Simulation {
    const notes = [...this.#notes];
    if (this.#dropped > 0)
      notes.push(
        `${this.#dropped} recorded answer${this.#dropped === 1 ? ' is' : 's are'} left out: this policy does not ask for what they answer.`,
      );
    return { decisions: this.#decisions, state: this.#state, inputs, notes };
  }
}

const timeText = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`);
