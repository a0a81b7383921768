import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { RegisteredModel, Registry } from '../controller/ports.ts';
import { checkKept, MAX_ARTIFACT_BYTES } from '../registry.ts';
import type { Evaluation, Lineage, ModelRef } from '../types.ts';
import { copied, type MonitorTables } from './tables.ts';

/** Registry without a database; the same behaviour, proved by the same suite. */
export class MemoryRegistry implements Registry {
  readonly #tables: MonitorTables;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(tables: MonitorTables, clock: Pick<Clock, 'now'>) {
    this.#tables = tables;
    this.#clock = clock;
  }

  async put(stream: string, modelId: string, artifact: Uint8Array, lineage: Lineage): Promise<ModelRef> {
    if (artifact.length > MAX_ARTIFACT_BYTES)
      throw new TidewatchError('artifact_too_large', `model ${modelId} has ${artifact.length} bytes`);
    return this.#tables.addModel({ id: modelId, stream, artifact, lineage, createdMs: this.#clock.now() });
  }

  async get(modelId: string): Promise<Uint8Array | null> {
    return this.#tables.models.get(modelId)?.artifact.slice() ?? null;
  }

  async evaluated(modelId: string, evaluation: Evaluation): Promise<void> {
    this.#row(modelId).evaluation = copied(evaluation);
  }

  async list(stream?: string): Promise<RegisteredModel[]> {
    return [...this.#tables.models.values()]
      .filter((model) => stream === undefined || model.stream === stream)
      .sort(newestFirst)
      .map(({ artifact: _bytes, ...model }) => ({ ...copied(model), roles: this.#tables.rolesOf(model.id) }));
  }

  async keep(modelId: string, keep: boolean): Promise<void> {
    this.#row(modelId).keep = keep;
  }

  async prune(stream: string, most: number): Promise<string[]> {
    checkKept(most);
    const { models } = this.#tables;
    const old = [...models.values()]
      .filter((model) => model.stream === stream)
      .sort(newestFirst)
      .slice(most);
    const gone = old.filter((model) => !model.keep && this.#tables.rolesOf(model.id).length === 0);
    for (const { id } of gone) models.delete(id);
    return gone.map(({ id }) => id).sort();
  }

  #row(modelId: string) {
    const row = this.#tables.models.get(modelId);
    if (!row) throw new TidewatchError('not_found', `model ${modelId}`);
    return row;
  }
}

const newestFirst = (a: { createdMs: number; id: string }, b: { createdMs: number; id: string }): number =>
  b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1);
