import type { StreamConfig } from '../core/config/stream.ts';
import { fail, ok, type Result } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import { loadModel, type StreamModel } from './model.ts';

/**
 * Models in use by the hash of their bytes: the partitions of a process share what never changes, and the 20 MB of a
 * large model are there once. Whether a model is still there or is read anew makes no difference but time.
 */
const inUse = new Map<string, WeakRef<StreamModel>>();

/** The model of these bytes; see loadModel for what is checked when it is read. */
function sharedModel(bytes: Uint8Array): Result<StreamModel> {
  const sha256 = sha256Hex(bytes);
  const known = inUse.get(sha256)?.deref();
  if (known !== undefined) return ok(known);
  const model = loadModel(bytes);
  if (!model.ok) return model;
  for (const [key, ref] of inUse) if (ref.deref() === undefined) inUse.delete(key);
  inUse.set(sha256, new WeakRef(model.value));
  return model;
}

/** A model that fits the stream, or why it does not. */
export function verifyModel(bytes: Uint8Array | undefined, config: StreamConfig, modelId: string): Result<StreamModel> {
  if (bytes === undefined) return fail('artifact_mismatch', `model ${modelId} is not in the store`);
  const model = sharedModel(bytes);
  if (!model.ok) return model;
  if (model.value.schemaVersion !== config.schemaVersion) {
    return fail(
      'artifact_mismatch',
      `feature schema ${model.value.schemaVersion}, the stream has ${config.schemaVersion}`,
    );
  }
  return model;
}
