import type { StreamConfig } from '../../core/config/stream.ts';
import { ok, type Result } from '../../core/errors.ts';
import { Fold } from '../../detector/fold.ts';
import { verifiedArtifact } from '../../ingest/model-check.ts';
import type { Registry } from '../../monitor/controller/ports.ts';
import { unknownModel } from '../../monitor/registry.ts';
import type { Command, ModelRef, MonitorState } from '../../monitor/types.ts';

/** The model that a command would put into service or beside it; null for none. */
export function namedModel(command: Command, state: Pick<MonitorState, 'lastGood'> | null): ModelRef | null {
  if (command.kind === 'promote' || command.kind === 'approve') return command.model;
  return command.kind === 'revert' ? (state?.lastGood ?? null) : null;
}

/**
 * What owners of partitions would refuse is refused before it is decided, so that the ledger never says that a model
 * serves which cannot. Faults: not_found for one that the stream has not, artifact_corrupt, artifact_mismatch,
 * artifact_version.
 */
export async function checkNamed(
  registry: Pick<Registry, 'get' | 'list'>,
  config: StreamConfig,
  model: ModelRef,
): Promise<Result<null>> {
  const known = await registry.list(config.name);
  if (!known.some(({ id }) => id === model.modelId))
    return { ok: false, fault: unknownModel(`${model.modelId} of ${config.name}`, known) };
  const verified = await verifiedArtifact(
    { kind: 'model', ...model },
    (modelId) => registry.get(modelId),
    () => new Fold(config, () => undefined),
  );
  return verified.ok ? ok(null) : verified;
}
