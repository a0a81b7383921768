import { canonicalJson } from '../../core/config/hash.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { step } from '../decide/step.ts';
import type { LedgerEntry } from '../store.ts';
import type { Decision, Input } from '../types.ts';
import { chained } from './chain.ts';
import { type GetEvidence, type Observe, type ReadEvidence, readEvidence } from './evidence.ts';
import { observeAgain } from './recompute.ts';
import { sentencesOf } from './sentences.ts';

export interface Explanation {
  /** Whether what the evidence comes to is, to the letter, what the ledger says. */
  agrees: boolean;
  /** null: the evidence is missing, altered, or comes to no such decision. */
  recomputed: Decision | null;
  /** Why it does not agree; '' if it does. */
  why: string;
  sentences: readonly string[];
}

/**
 * Decides again from the evidence alone: bytes are held against their hashes, an observation is computed from its counts,
 * and the same step is taken. What the ledger says is looked at only to compare. Throws what `get` throws.
 */
export async function explainDecision(
  entry: LedgerEntry,
  get: GetEvidence,
  observe: Observe = observeAgain,
): Promise<Explanation> {
  const evidence = await readEvidence(entry.evidence, get);
  if (!evidence.ok) return disagrees(`${MISSING[evidence.fault.code] ?? 'The evidence'}: ${evidence.fault.detail}.`);
  const input = inputOf(evidence.value, observe);
  if (!input.ok) return disagrees(`The observation cannot be computed again: ${input.fault.detail}.`);

  const { policy, state } = evidence.value;
  const { decisions } = step(policy, state, input.value);
  const recomputed = decisions.find(({ id }) => id === entry.decision.id) ?? null;
  if (recomputed === null) return disagrees(`The evidence comes to no decision ${entry.decision.id}.`);
  const sentences = sentencesOf(recomputed, evidence.value, input.value);

  const differing = differences(recomputed, entry.decision);
  const hash = chained(entry.previous, entry.seq, entry.decision, entry.evidence, entry.recordedMs);
  const why =
    differing.length > 0
      ? `The ledger says otherwise: ${differing.join('; ')}.`
      : hash === entry.hash
        ? ''
        : `Entry ${entry.seq} is not what was written: its hash differs.`;
  return { agrees: why === '', recomputed, why, sentences: why === '' ? sentences : [...sentences, why] };
}

const MISSING: Partial<Record<string, string>> = {
  evidence_missing: 'Evidence is missing',
  evidence_altered: 'Evidence was altered',
};

const disagrees = (why: string): Explanation => ({ agrees: false, recomputed: null, why, sentences: [why] });

function inputOf({ input, observed }: ReadEvidence, observe: Observe): Result<Input> {
  if (input.kind !== 'observation' || input.observation !== null) return ok(input as Input);
  if (observed === null) return fail('evidence_missing', 'neither the observation nor what it was computed from');
  const observation = observe(observed);
  return observation.ok ? ok({ kind: 'observation', key: input.key, observation: observation.value }) : observation;
}

/** One for each key: "action: retrain here, hold in the ledger". */
function differences(recomputed: Decision, stored: Decision): string[] {
  const keys = [...new Set([...Object.keys(recomputed), ...Object.keys(stored)])].sort() as (keyof Decision)[];
  return keys.flatMap((key) => {
    const [here, there] = [recomputed[key], stored[key]].map((value) => canonicalJson(value ?? null));
    return here === there ? [] : [`${key}: ${here} by the evidence, ${there} in the ledger`];
  });
}
