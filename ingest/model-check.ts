import { type ErrorCode, fail, ok, type Result, TidewatchError } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import type { ControlChange } from '../core/types.ts';
import { noOutputs, type PartitionFold } from './ports.ts';

type ModelChange = Extract<ControlChange, { kind: 'model' | 'challenger' }>;
type Fetch = (modelId: string) => Promise<Uint8Array | null>;

/** The bytes of a model, or what is wrong with what the store has. */
export function fetchArtifact(modelId: string, fetch: Fetch): Promise<Result<Uint8Array>> {
  return faultsOf(async () => {
    const artifact = await fetch(modelId);
    return artifact === null ? fail('artifact_mismatch', `model ${modelId} is not in the store`) : ok(artifact);
  });
}

/**
 * The artifact that a change needs, if a fold takes the change: null for a change without one. What could be refused is
 * tried on an empty fold, so that the one that serves is never left half changed, and so that what cannot be in force is
 * refused before it is durable.
 */
export async function verifiedChange(
  change: ControlChange,
  fetch: Fetch,
  emptyFold: () => PartitionFold,
): Promise<Result<Uint8Array | null>> {
  if (change.kind === 'model' || (change.kind === 'challenger' && change.modelId !== ''))
    return verifiedArtifact(change, fetch, emptyFold);
  return change.kind === 'calibration' ? tried(change, emptyFold, null) : ok(null);
}

/** The artifact that a change of models names, if a fold takes it. */
export async function verifiedArtifact(
  change: ModelChange,
  fetch: Fetch,
  emptyFold: () => PartitionFold,
): Promise<Result<Uint8Array>> {
  const { modelId, sha256 } = change;
  const artifact = await fetchArtifact(modelId, fetch);
  if (!artifact.ok) return artifact;
  if (sha256Hex(artifact.value) === sha256) return tried(change, emptyFold, artifact.value);
  return fail('artifact_mismatch', `model ${modelId} is not the one that was meant: its SHA-256 differs`);
}

function tried<A extends Uint8Array | null>(
  change: ControlChange,
  emptyFold: () => PartitionFold,
  artifact: A,
): Promise<Result<A>> {
  return faultsOf(async () => {
    emptyFold().control({ ...change, offset: 0, sequence: 1 }, noOutputs(), artifact ?? undefined);
    return ok(artifact);
  });
}

const isRefusal = (code: ErrorCode): boolean => code.startsWith('artifact_') || code === 'calibration_invalid';

/** What is wrong with a change as a value; anything else that is thrown stays thrown. */
async function faultsOf<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof TidewatchError && isRefusal(cause.code)) return fail(cause.code, cause.detail);
    throw cause;
  }
}
