import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { canonicalJson } from '../core/config/hash.ts';
import { orThrow, TidewatchError } from '../core/errors.ts';
import { policyOf } from '../monitor/decide/policy.ts';
import { firstState } from '../monitor/decide/step.ts';
import type { Policy } from '../monitor/decide/types.ts';
import { type Comparison, compareDecisions } from '../monitor/ledger/compare.ts';
import { type GetEvidence, readPolicyOf } from '../monitor/ledger/evidence.ts';
import { simulate } from '../monitor/ledger/simulate.ts';
import type { LedgerEntry, MonitorStore } from '../monitor/store.ts';
import type { Decision, Input, MonitorState } from '../monitor/types.ts';
import { monitorRecording } from '../scenarios/monitor/recording.ts';
import { savedRuns } from '../scenarios/monitor/saved.ts';
import { withMonitorStore } from './ledgers.ts';
import { type Span, spanOf } from './span.ts';

export interface Simulated {
  name: string;
  looks: number;
  decisions: readonly Decision[];
  /** With what was decided under the policy that was in force. */
  compared: Pick<Comparison, 'same' | 'lines'>;
  notes: readonly string[];
}

/** What was taken, and what was decided of it under which policy. */
interface Taken extends Decided {
  name: string;
  stream: string;
  before: MonitorState | null;
  inputs: readonly Input[];
}

interface Decided {
  decided: readonly Decision[];
  /** The policy of the first decision; null where nothing was decided. */
  recordedUnder: Policy | null;
  notes: readonly string[];
}

type PolicyFor = (stream: string) => Policy;

/**
 * What a policy would have decided on a recording, on every run below a folder, or in a span of event time of a database.
 * file: the configuration that names the database. Throws file_missing, database_unavailable, not_found for an empty span.
 */
export async function simulated(policyFor: PolicyFor, from: string, file?: string): Promise<Simulated[]> {
  const span = spanOf(from);
  const taken = span === null ? await takenInFiles(from) : await takenInDatabase(span, file);
  if (taken.length === 0) throw new TidewatchError('not_found', `anything that a monitor took in ${from}`);
  return taken.map((one) => simulatedOn(policyFor(one.stream), one));
}

async function takenInFiles(from: string): Promise<Taken[]> {
  const about = await stat(from).catch((cause: NodeJS.ErrnoException) => {
    throw new TidewatchError('file_missing', `${from}: ${cause.code}`, { cause });
  });
  if (!about.isDirectory()) {
    const { stream, inputs, policy: recordedUnder, decisions: decided } = await monitorRecording(from);
    return [{ name: from, stream, before: null, inputs, recordedUnder, decided, notes: [] }];
  }
  const all: Taken[] = [];
  for (const run of await savedRuns(from)) {
    const [first] = run.ledger;
    if (first === undefined) continue;
    const { stream } = first.decision;
    const name = relative(from, run.dir) || run.dir;
    const recorded = await decidedIn(run.ledger, run.evidence);
    all.push({ name, stream, before: null, inputs: await run.inputs(), ...recorded });
  }
  return all;
}

const takenInDatabase = (span: Span, file: string | undefined): Promise<Taken[]> =>
  withMonitorStore(file, async (store, { streams }) => {
    const all: Taken[] = [];
    for (const { name: stream, policy } of streams) {
      const { fromMs, toMs } = await rangeOf(span, stream, store);
      const { before, inputs } = await store.recorded(stream, fromMs, toMs);
      if (inputs.length === 0) continue;
      // decisions are numbered, and the state before the span says how many there were
      const first = await store.decision(`${stream}-${(before?.decisions ?? 0) + 1}`);
      const since = first === null ? [] : await store.ledger({ stream, fromSeq: first.seq });
      const ledger = since.filter(({ decision }) => decision.atMs < toMs);
      const of = await decidedIn(ledger, (sha256) => store.evidence(sha256));
      const recordedUnder = of.recordedUnder ?? orThrow(policyOf(policy));
      all.push({ name: stream, stream, before, inputs, ...of, recordedUnder });
    }
    return all;
  });

async function rangeOf(span: Span, stream: string, store: MonitorStore): Promise<{ fromMs: number; toMs: number }> {
  if ('fromMs' in span) return span;
  const newestMs = (await store.state(stream))?.atMs ?? 0;
  return { fromMs: newestMs - span.lastMs, toMs: newestMs + 1 };
}

async function decidedIn(ledger: readonly LedgerEntry[], get: GetEvidence): Promise<Decided> {
  const decided = ledger.map(({ decision }) => decision);
  let recordedUnder: Policy | null = null;
  for (const { evidence, decision } of ledger) {
    const policy = orThrow(await readPolicyOf(evidence, get));
    recordedUnder ??= policy;
    if (canonicalJson(policy) === canonicalJson(recordedUnder)) continue;
    const note = `From ${decision.id} on another policy was in force: what differs may be due to that.`;
    return { decided, recordedUnder, notes: [note] };
  }
  return { decided, recordedUnder, notes: [] };
}

function simulatedOn(
  policy: Policy,
  { name, stream, before, inputs, decided, recordedUnder, notes }: Taken,
): Simulated {
  // a state that an earlier version wrote lacks what it did not know of
  const first = { ...firstState(stream), ...before };
  const told = simulate(policy, first, inputs, recordedUnder === null ? {} : { recordedUnder });
  const { same, lines } = compareDecisions(decided, told.decisions);
  const looks = inputs.filter(({ kind }) => kind === 'observation').length;
  return { name, looks, decisions: told.decisions, compared: { same, lines }, notes: [...notes, ...told.notes] };
}
