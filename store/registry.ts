import { desc, eq, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import type { RegisteredModel, Registry } from '../monitor/controller/ports.ts';
import { checkKept, MAX_ARTIFACT_BYTES } from '../monitor/registry.ts';
import type { Evaluation, Lineage, ModelRef } from '../monitor/types.ts';
import { jsonText } from './encode.ts';
import { PostgresModelStore } from './models.ts';
import { guarded } from './pool.ts';
import { modelRoles, models } from './schema.ts';

const ROLES = sql<RegisteredModel['roles']>`ARRAY(SELECT r.role FROM ${modelRoles} r
  WHERE r.model_id = ${models.id} ORDER BY r.role)`;

/** Registry on PostgreSQL, over the same table as the models of workers. Throws database_unavailable as all of store/. */
export class PostgresRegistry implements Registry {
  readonly #pool: pg.Pool;
  readonly #db: NodePgDatabase;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #models: PostgresModelStore;

  constructor(pool: pg.Pool, clock: Clock) {
    this.#pool = pool;
    this.#db = drizzle(pool);
    this.#clock = clock;
    this.#models = new PostgresModelStore(pool, clock);
  }

  put(stream: string, modelId: string, artifact: Uint8Array, lineage: Lineage): Promise<ModelRef> {
    return guarded(async () => {
      if (artifact.length > MAX_ARTIFACT_BYTES)
        throw new TidewatchError('artifact_too_large', `model ${modelId} has ${artifact.length} bytes`);
      const sha256 = sha256Hex(artifact);
      const bytes = Buffer.from(artifact.buffer, artifact.byteOffset, artifact.byteLength);
      const kept = JSON.parse(jsonText(lineage)) as Lineage;
      const about = { rows: lineage.rows, seed: lineage.seed };
      await this.#db
        .insert(models)
        .values({ id: modelId, stream, sha256, bytes, about, lineage: kept, createdMs: this.#clock.now() })
        .onConflictDoNothing();
      const [row] = await this.#db.select({ sha256: models.sha256 }).from(models).where(eq(models.id, modelId));
      if (row?.sha256 !== sha256)
        throw new TidewatchError('artifact_mismatch', `model ${modelId} exists with other bytes`);
      return { modelId, sha256 };
    });
  }

  /** Throws TidewatchError artifact_corrupt when the bytes are no longer those that were put. */
  get(modelId: string): Promise<Uint8Array | null> {
    return this.#models.get(modelId);
  }

  evaluated(modelId: string, evaluation: Evaluation): Promise<void> {
    return this.#update(modelId, { evaluation: JSON.parse(jsonText(evaluation)) as Evaluation });
  }

  keep(modelId: string, keep: boolean): Promise<void> {
    return this.#update(modelId, { keep });
  }

  /** Throws TidewatchError not_found. */
  #update(modelId: string, set: { evaluation: Evaluation } | { keep: boolean }): Promise<void> {
    return guarded(async () => {
      const { rowCount } = await this.#db.update(models).set(set).where(eq(models.id, modelId));
      if (rowCount !== 1) throw new TidewatchError('not_found', `model ${modelId}`);
    });
  }

  list(stream?: string): Promise<RegisteredModel[]> {
    return guarded(() =>
      this.#db
        .select({
          id: models.id,
          stream: models.stream,
          sha256: models.sha256,
          sizeBytes: sql<number>`octet_length(${models.bytes})`,
          lineage: models.lineage,
          evaluation: models.evaluation,
          keep: models.keep,
          createdMs: models.createdMs,
          roles: ROLES,
        })
        .from(models)
        .where(stream === undefined ? undefined : eq(models.stream, stream))
        .orderBy(desc(models.createdMs), models.id),
    );
  }

  /** What a partition needs to go on from its checkpoints stays too. */
  prune(stream: string, most: number): Promise<string[]> {
    return guarded(async () => {
      checkKept(most);
      const { rows } = await this.#pool.query<{ id: string }>('SELECT prune_models($1, $2) AS id ORDER BY 1', [
        stream,
        most,
      ]);
      return rows.map(({ id }) => id);
    });
  }
}
