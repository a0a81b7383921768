import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { orThrow, TidewatchError } from '../core/errors.ts';
import { firstState } from '../monitor/decide/step.ts';
import type { Policy } from '../monitor/decide/types.ts';
import { type Comparison, compareDecisions } from '../monitor/ledger/compare.ts';
import { readEvidence } from '../monitor/ledger/evidence.ts';
import { simulate } from '../monitor/ledger/simulate.ts';
import type { Decision, Input } from '../monitor/types.ts';
import { monitorRecording } from '../scenarios/monitor/recording.ts';
import { savedRuns } from '../scenarios/monitor/saved.ts';

export interface Simulated {
  name: string;
  looks: number;
  decisions: readonly Decision[];
  /** With what was decided under the policy that was in force. */
  compared: Pick<Comparison, 'same' | 'lines'>;
  notes: readonly string[];
}

/** What a policy would have decided on a recording, or on every run below a folder. Throws file_missing. */
export async function simulated(policy: Policy, from: string): Promise<Simulated[]> {
  const about = await stat(from).catch((cause: NodeJS.ErrnoException) => {
    throw new TidewatchError('file_missing', `${from}: ${cause.code}`, { cause });
  });
  if (!about.isDirectory()) {
    const run = await monitorRecording(from);
    return [simulatedOn(from, policy, run.policy, run.stream, run.inputs, run.decisions)];
  }
  const results: Simulated[] = [];
  for (const run of await savedRuns(from)) {
    const first = run.ledger[0];
    if (first === undefined) continue;
    const { policy: inForce } = orThrow(await readEvidence(first.evidence, run.evidence));
    const decisions = run.ledger.map(({ decision }) => decision);
    const name = relative(from, run.dir) || run.dir;
    results.push(simulatedOn(name, policy, inForce, first.decision.stream, await run.inputs(), decisions));
  }
  return results;
}

function simulatedOn(
  name: string,
  policy: Policy,
  recordedUnder: Policy,
  stream: string,
  inputs: readonly Input[],
  decided: readonly Decision[],
): Simulated {
  const { decisions, notes } = simulate(policy, firstState(stream), inputs, { recordedUnder });
  const { same, lines } = compareDecisions(decided, decisions);
  const looks = inputs.filter(({ kind }) => kind === 'observation').length;
  return { name, looks, decisions, compared: { same, lines }, notes };
}
