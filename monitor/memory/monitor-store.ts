import type { Clock } from '../../core/clock.ts';
import type { IntervalProfile } from '../../core/types.ts';
import { boundedDocument, checkCommit, rolesOf } from '../commit.ts';
import { chained, FIRST_PREVIOUS } from '../ledger/chain.ts';
import type { Observation } from '../observation.ts';
import type { Commit, LedgerEntry, MonitorHold, MonitorStore, RecordedInputs } from '../store.ts';
import type { Input, MonitorState, Serving } from '../types.ts';
import { copied, type MonitorTables } from './tables.ts';

/** MonitorStore without a database; the same behaviour, proved by the same suite. */
export class MemoryMonitorStore implements MonitorStore {
  readonly #tables: MonitorTables;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(tables: MonitorTables, clock: Pick<Clock, 'now'>) {
    this.#tables = tables;
    this.#clock = clock;
  }

  async hold(_owner: string): Promise<MonitorHold | null> {
    const tables = this.#tables;
    if (tables.held) return null;
    const mine = new AbortController();
    tables.held = mine;
    const fence = ++tables.fence;
    return {
      lost: mine.signal,
      commit: async (commit) => (mine.signal.aborted ? 'fenced' : this.#commit(fence, commit)),
      release: async () => {
        if (tables.held === mine) tables.loseHold();
      },
    };
  }

  #commit(fence: number, commit: Commit): 'committed' | 'known' | 'fenced' {
    const tables = this.#tables;
    checkCommit(commit);
    if (fence !== tables.fence) return 'fenced';
    const { stream, serving } = commit;
    const inputs = tables.inputs.get(stream) ?? new Set();
    if (inputs.has(commit.input)) return 'known';
    const version = tables.states.get(stream)?.version ?? 0;
    if (version !== commit.expected)
      throw new Error(`the state of ${stream} is at version ${version}, not ${commit.expected}`);
    const state = boundedDocument(`the state of ${stream}`, JSON.stringify(commit.state));
    const observation = commit.observation && boundedDocument('an observation', JSON.stringify(commit.observation));
    if (serving) this.#checkServing(stream, serving, commit.state);
    for (const { decision, evidence } of commit.decisions) {
      if (tables.ledger.some((entry) => entry.decision.id === decision.id))
        throw new Error(`decision ${decision.id} is in the ledger already`);
      if (!commit.evidence.has(evidence) && !tables.evidence.has(evidence))
        throw new Error(`decision ${decision.id} names evidence that is not there`);
    }

    tables.inputs.set(stream, inputs.add(commit.input));
    if (commit.record) {
      const of = tables.recorded.get(stream) ?? [];
      tables.recorded.set(stream, of);
      const before = JSON.stringify(tables.states.get(stream) ?? null);
      of.push({ atMs: commit.state.atMs, input: JSON.stringify(commit.record), before });
    }
    tables.states.set(stream, JSON.parse(state) as MonitorState);
    if (commit.observation && observation) {
      const of = tables.observations.get(stream) ?? new Map<number, string>();
      if (!of.has(commit.observation.atMs)) of.set(commit.observation.atMs, observation);
      tables.observations.set(stream, of);
    }
    if (commit.decisions.length > 0)
      for (const [sha256, bytes] of commit.evidence)
        if (!tables.evidence.has(sha256)) tables.evidence.set(sha256, bytes.slice());
    for (const { decision, evidence } of commit.decisions) this.#append(copied(decision), evidence);
    if (serving) {
      tables.serving.set(stream, copied(serving));
      for (const [role, model] of rolesOf(serving, commit.state.lastGood)) tables.setRole(stream, role, model);
    }
    for (const message of commit.outbox) tables.addMessage(message);
    return 'committed';
  }

  #checkServing(stream: string, serving: Serving, state: MonitorState): void {
    const before = this.#tables.serving.get(stream)?.revision ?? -1;
    if (serving.revision <= before)
      throw new Error(`what serves ${stream} is at revision ${before}, and must rise from there`);
    for (const [role, model] of rolesOf(serving, state.lastGood))
      if (model && !this.#tables.models.has(model.modelId))
        throw new Error(`the ${role} of ${stream}, ${model.modelId}, is not in the registry`);
  }

  #append(decision: LedgerEntry['decision'], evidence: string): void {
    const { ledger } = this.#tables;
    const previous = ledger.at(-1)?.hash ?? FIRST_PREVIOUS;
    const seq = ledger.length + 1;
    const recordedMs = this.#clock.now();
    const hash = chained(previous, seq, decision, evidence, recordedMs);
    ledger.push({ seq, decision, evidence, previous, hash, recordedMs });
  }

  async profiles(stream: string, fromMs: number, toMs: number): Promise<IntervalProfile[]> {
    return [...this.#tables.profiles.values()]
      .filter((p) => p.stream === stream && fromMs <= p.startMs && p.startMs < toMs)
      .sort((a, b) => a.startMs - b.startMs || a.partition - b.partition || a.sequence - b.sequence);
  }

  async watermarks(stream: string): Promise<ReadonlyMap<number, number>> {
    const of = this.#tables.watermarks.get(stream) ?? [];
    return new Map([...of].sort(([a], [b]) => a - b));
  }

  async state(stream: string): Promise<MonitorState | null> {
    return copied(this.#tables.states.get(stream) ?? null);
  }

  async serving(stream: string): Promise<Serving | null> {
    return copied(this.#tables.serving.get(stream) ?? null);
  }

  async observations(stream: string, fromMs: number, toMs: number): Promise<Observation[]> {
    return [...(this.#tables.observations.get(stream) ?? [])]
      .filter(([atMs]) => fromMs <= atMs && atMs < toMs)
      .sort(([a], [b]) => a - b)
      .map(([, text]) => JSON.parse(text) as Observation);
  }

  async recorded(stream: string, fromMs: number, toMs: number): Promise<RecordedInputs> {
    const taken = (this.#tables.recorded.get(stream) ?? []).filter(({ atMs }) => fromMs <= atMs && atMs < toMs);
    return {
      before: JSON.parse(taken[0]?.before ?? 'null') as MonitorState | null,
      inputs: taken.map(({ input }) => JSON.parse(input) as Input),
    };
  }

  async ledger(
    filter: { stream?: string; fromSeq?: number; toSeq?: number; limit?: number } = {},
  ): Promise<LedgerEntry[]> {
    const { stream, fromSeq = 1, toSeq = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = filter;
    return this.#tables.ledger
      .filter((e) => fromSeq <= e.seq && e.seq < toSeq && (stream === undefined || e.decision.stream === stream))
      .slice(0, limit)
      .map(copied);
  }

  async decision(id: string): Promise<LedgerEntry | null> {
    const { ledger } = this.#tables;
    return copied((id === 'latest' ? ledger.at(-1) : ledger.find((e) => e.decision.id === id)) ?? null);
  }

  async evidence(sha256: string): Promise<Uint8Array | null> {
    return this.#tables.evidence.get(sha256)?.slice() ?? null;
  }
}
