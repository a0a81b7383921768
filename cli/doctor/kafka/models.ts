import type { StreamConfig } from '../../../core/config/stream.ts';
import { ERRORS } from '../../../core/errors.ts';
import { Fold } from '../../../detector/fold.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import { verifiedArtifact } from '../../../ingest/model-check.ts';
import { PostgresModelStore } from '../../../store/models.ts';
import { bad, type Check, ok } from '../check.ts';
import { type KafkaFacts, told, withoutTables } from './facts.ts';

/** The champion of a stream, tried as a worker tries it: hash, size, format, schema, golden vectors. */
export const modelCheck = (facts: KafkaFacts, stream: StreamConfig): Check => ({
  name: `model of ${stream.name}`,
  async run() {
    const none = await withoutTables(facts);
    if (none !== null) return none;
    const found = await facts.query(async (pool) => {
      const models = new PostgresModelStore(pool, facts.clock);
      const champion = await models.champion(stream.name);
      if (champion === null) return null;
      const artifact = await verifiedArtifact(
        { kind: 'model', ...champion },
        (id) => models.get(id),
        () => new Fold(stream, decoderFor(stream)),
      );
      return { modelId: champion.modelId, artifact };
    });
    if (!found.ok) return bad(told(found.fault), 'Give this login the role tidewatch_worker or tidewatch_monitor.');
    if (found.value === null)
      return ok(`none yet: the first is trained after ${stream.training.windows} windows of an entity`);
    const { modelId, artifact } = found.value;
    if (artifact.ok) return ok(`${modelId} is whole and fits`);
    const { code, detail } = artifact.fault;
    return bad(
      `${code}: the champion ${modelId} does not serve: ${detail}`,
      `${ERRORS[code][1]} Workers go on with the model that they have.`,
    );
  },
});
