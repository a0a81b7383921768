import type { Decision, Effect, EffectOrder, MonitorState, Serving, Step } from '../types.ts';
import type { DecisionDraft } from './types.ts';

/** Ranges of the past that training leaves out, at most: the oldest go. */
export const MAX_QUARANTINE = 500;
/** Entries of the budgets that are remembered, at most. */
const MAX_SPENT = 1_000;

/** The state while one input is taken: decisions are numbered, effects named after them, and what serves is revised. */
export class Turn {
  readonly state: MonitorState;
  readonly decisions: Decision[] = [];
  #revised = false;
  #orders = 0;

  /** before is not changed. atMs: event time; it never goes back. */
  constructor(before: MonitorState, atMs: number) {
    this.state = structuredClone(before);
    this.state.version++;
    this.state.atMs = Math.max(before.atMs, atMs);
  }

  get atMs(): number {
    return this.state.atMs;
  }

  decide(draft: DecisionDraft): Decision {
    const { stream } = this.state;
    this.state.decisions++;
    const decision: Decision = { id: `${stream}-${this.state.decisions}`, stream, atMs: this.atMs, ...draft };
    this.decisions.push(decision);
    return decision;
  }

  /** Orders an effect; decision: the id of the one that asks for it. */
  order(decision: string, order: EffectOrder): Effect {
    this.#orders++;
    const effect = { id: `${decision}:${order.kind}:${this.state.version}.${this.#orders}`, decision, ...order };
    this.state.effects.push(effect);
    return effect;
  }

  answered(id: string): void {
    this.state.effects = this.state.effects.filter((effect) => effect.id !== id);
  }

  /** Changes what ought to be in force; one revision an input. */
  serve(change: Partial<Omit<Serving, 'revision'>>): void {
    const revision = this.state.serving.revision + (this.#revised ? 0 : 1);
    this.#revised = true;
    this.state.serving = { ...this.state.serving, ...change, revision };
  }

  spend(action: MonitorState['spent'][number]['action']): void {
    this.state.spent = [...this.state.spent, { action, atMs: this.atMs }].slice(-MAX_SPENT);
  }

  /** What was spent last was for nothing. */
  giveBack(action: MonitorState['spent'][number]['action']): void {
    const last = this.state.spent.findLastIndex((one) => one.action === action);
    this.state.spent = this.state.spent.filter((_, i) => i !== last);
  }

  /** How often it was done within so much event time. */
  spentWithin(action: MonitorState['spent'][number]['action'], withinMs: number): number {
    return this.state.spent.filter((one) => one.action === action && one.atMs > this.atMs - withinMs).length;
  }

  /** Keeps windows of [fromMs, toMs) from training; a range that touches the last one of its kind is put to it. */
  quarantine(fromMs: number, toMs: number, reason: string): void {
    const all = this.state.quarantine;
    const last = all.findLast((q) => q.entity === null && q.reason === reason);
    if (last !== undefined && last.toMs >= fromMs) last.toMs = Math.max(last.toMs, toMs);
    else all.push({ fromMs, toMs, entity: null, reason });
    if (all.length > MAX_QUARANTINE) this.state.quarantine = all.slice(-MAX_QUARANTINE);
  }

  get step(): Step {
    return { state: this.state, decisions: this.decisions };
  }
}
