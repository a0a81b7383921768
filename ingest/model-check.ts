import { fail, ok, type Result, TidewatchError } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import type { ControlChange } from '../core/types.ts';
import { noOutputs, type PartitionFold } from './ports.ts';

type ModelChange = Extract<ControlChange, { kind: 'model' }>;
type Fetch = (modelId: string) => Promise<Uint8Array | null>;

/** The bytes of a model, or what is wrong with what the store has. */
export function fetchArtifact(modelId: string, fetch: Fetch): Promise<Result<Uint8Array>> {
  return faultsOf(async () => {
    const artifact = await fetch(modelId);
    return artifact === null ? fail('artifact_mismatch', `model ${modelId} is not in the store`) : ok(artifact);
  });
}

/**
 * The artifact that a change names, if a fold takes it. It is tried on an empty fold, so that the one that serves is
 * never left half changed, and so that what cannot serve is refused before it is durable.
 */
export async function verifiedArtifact(
  change: ModelChange,
  fetch: Fetch,
  emptyFold: () => PartitionFold,
): Promise<Result<Uint8Array>> {
  const { modelId, sha256 } = change;
  const artifact = await fetchArtifact(modelId, fetch);
  if (!artifact.ok) return artifact;
  if (sha256Hex(artifact.value) !== sha256)
    return fail('artifact_mismatch', `model ${modelId} is not the one that was meant: its SHA-256 differs`);
  const out = noOutputs();
  return faultsOf(async () => {
    emptyFold().control({ kind: 'model', modelId, sha256, offset: 0, sequence: 1 }, out, artifact.value);
    return artifact;
  });
}

/** What is wrong with an artifact as a value; anything else that is thrown stays thrown. */
async function faultsOf<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof TidewatchError && cause.code.startsWith('artifact_')) return fail(cause.code, cause.detail);
    throw cause;
  }
}
