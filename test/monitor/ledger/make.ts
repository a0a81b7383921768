import { ok } from '../../../core/errors.ts';
import { sha256Hex } from '../../../core/hash.ts';
import { firstState, step } from '../../../monitor/decide/step.ts';
import type { Policy } from '../../../monitor/decide/types.ts';
import { chained, FIRST_PREVIOUS } from '../../../monitor/ledger/chain.ts';
import { evidenceOf, type Observe, type ObservedParts } from '../../../monitor/ledger/evidence.ts';
import type { Observation } from '../../../monitor/observation.ts';
import type { LedgerEntry } from '../../../monitor/store.ts';
import type { Decision, EffectResult, Input, Lineage, MonitorState } from '../../../monitor/types.ts';
import { CANDIDATE, CHAMPION, evaluation, figure, observation, START_MS } from '../decide/make.ts';

/** Stands for the counts of an interval: the observation in two halves of bytes. */
export function partsOf(seen: Observation): ObservedParts {
  const bytes = Buffer.from(JSON.stringify(seen));
  const halves = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
  const names = halves.map((half) => sha256Hex(half));
  return { manifest: { halves: names }, blobs: new Map(names.map((name, i) => [name, halves[i]!])) };
}

export const observe: Observe = ({ manifest, blobs }) => {
  const { halves } = manifest as { halves: string[] };
  return ok(JSON.parse(Buffer.concat(halves.map((name) => blobs.get(name)!)).toString()) as Observation);
};

/** A ledger as a controller writes it. */
export class Book {
  readonly entries: LedgerEntry[] = [];
  readonly evidence = new Map<string, Uint8Array>();
  readonly inputs: Input[] = [];
  readonly policy: Policy;
  state: MonitorState = firstState('shop');

  constructor(policy: Policy) {
    this.policy = policy;
  }

  get decisions(): Decision[] {
    return this.entries.map(({ decision }) => decision);
  }

  readonly get = async (sha256: string): Promise<Uint8Array | null> => this.evidence.get(sha256) ?? null;

  take(input: Input): void {
    const { policy, state } = this;
    const observed = input.kind === 'observation' ? partsOf(input.observation) : null;
    const packed = evidenceOf({ policy, state, input, observed });
    const next = step(policy, state, input);
    this.inputs.push(input);
    this.state = next.state;
    if (next.decisions.length > 0) for (const [name, bytes] of packed.blobs) this.evidence.set(name, bytes);
    for (const decision of next.decisions) {
      const previous = this.entries.at(-1)?.hash ?? FIRST_PREVIOUS;
      const seq = this.entries.length + 1;
      const hash = chained(previous, seq, decision, packed.sha256, seq);
      this.entries.push({ seq, decision, evidence: packed.sha256, previous, hash, recordedMs: seq });
    }
  }
}

const ANSWERS: Partial<Record<string, EffectResult>> = {
  train: { kind: 'trained', model: CANDIDATE, lineage: {} as Lineage },
  evaluate: { kind: 'evaluated', evaluation, gates: [] },
};

/** Three weeks: a champion is adopted, drifts after a week, a candidate is trained; then a producer changes a unit. */
export function* story(answer: (effect: MonitorState['effects'][number]) => EffectResult | null, book: Book) {
  const adopt: Input = {
    kind: 'command',
    key: 'adopt',
    actor: 'operator:ann',
    atMs: START_MS,
    command: { kind: 'adopt', model: CHAMPION, trainedMs: START_MS },
    note: '',
  };
  yield adopt;
  for (let hour = 1; hour < 500; hour++) {
    const drifts = hour > 168 && hour < 260;
    const changed = hour > 300 && hour < 330;
    const seen = { drift: figure(drifts ? 3 : 0.3, { limit: 1 }), producer_change: changed ? 1 : 0 };
    const cause = drifts ? 'gradual_drift' : changed ? 'unit_change' : 'none';
    yield { kind: 'observation', key: `o${hour}`, observation: observation(hour, seen, cause) } satisfies Input;
    for (const effect of book.state.effects) {
      const result = answer(effect);
      if (result === null) continue;
      const { id } = effect;
      yield { kind: 'effect', key: id, effect: id, atMs: book.state.atMs, result } satisfies Input;
    }
  }
}

/** The story as it was decided under a policy. */
export function written(
  policy: Policy,
  answer: (effect: MonitorState['effects'][number]) => EffectResult | null = ({ kind }) => ANSWERS[kind] ?? null,
): Book {
  const book = new Book(policy);
  for (const input of story(answer, book)) book.take(input);
  return book;
}
