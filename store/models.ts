import { and, desc, eq, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import type { ModelStore } from '../ingest/ports.ts';
import { MAX_ARTIFACT_BYTES } from '../monitor/registry.ts';
import type { ModelRef, Serving } from '../monitor/types.ts';
import { jsonText } from './encode.ts';
import { readServing } from './monitor-store.ts';
import { guarded } from './pool.ts';
import { modelRoles, models } from './schema.ts';

export type ModelRole = 'champion' | 'challenger' | 'last_good';

/** A model without its bytes. */
export interface StoredModel {
  id: string;
  stream: string;
  sha256: string;
  sizeBytes: number;
  about: Record<string, unknown>;
  createdMs: number;
}

export { MAX_ARTIFACT_BYTES } from '../monitor/registry.ts';
export type { ModelRef } from '../monitor/types.ts';

/** ModelStore on PostgreSQL. A model is written once; what is read is what was written, or an error. */
export class PostgresModelStore implements ModelStore {
  readonly #pool: pg.Pool;
  readonly #db: NodePgDatabase;
  readonly #clock: Clock;

  constructor(pool: pg.Pool, clock: Clock) {
    this.#pool = pool;
    this.#db = drizzle(pool);
    this.#clock = clock;
  }

  /** Throws TidewatchError artifact_too_large, or artifact_mismatch when the id exists with other bytes. */
  put(modelId: string, stream: string, artifact: Uint8Array, about: Record<string, unknown>): Promise<void> {
    return guarded(async () => {
      if (artifact.length > MAX_ARTIFACT_BYTES)
        throw new TidewatchError('artifact_too_large', `model ${modelId} has ${artifact.length} bytes`);
      const sha256 = sha256Hex(artifact);
      const bytes = Buffer.from(artifact.buffer, artifact.byteOffset, artifact.byteLength);
      const kept = JSON.parse(jsonText(about)) as Record<string, unknown>;
      await this.#db
        .insert(models)
        .values({ id: modelId, stream, sha256, bytes, about: kept, createdMs: this.#clock.now() })
        .onConflictDoNothing();
      const [row] = await this.#db.select({ sha256: models.sha256 }).from(models).where(eq(models.id, modelId));
      if (row?.sha256 !== sha256)
        throw new TidewatchError('artifact_mismatch', `model ${modelId} exists with other bytes`);
    });
  }

  /** Throws TidewatchError artifact_corrupt when the bytes are no longer those that were put. */
  get(modelId: string): Promise<Uint8Array | null> {
    return guarded(async () => {
      const [row] = await this.#db
        .select({ bytes: models.bytes, sha256: models.sha256 })
        .from(models)
        .where(eq(models.id, modelId));
      if (!row) return null;
      if (sha256Hex(row.bytes) !== row.sha256)
        throw new TidewatchError('artifact_corrupt', `model ${modelId} in the database: its hash does not hold`);
      return new Uint8Array(row.bytes);
    });
  }

  /** Newest first. */
  list(stream?: string): Promise<StoredModel[]> {
    return guarded(() =>
      this.#db
        .select({
          id: models.id,
          stream: models.stream,
          sha256: models.sha256,
          sizeBytes: sql<number>`octet_length(${models.bytes})`,
          about: models.about,
          createdMs: models.createdMs,
        })
        .from(models)
        .where(stream === undefined ? undefined : eq(models.stream, stream))
        .orderBy(desc(models.createdMs), models.id),
    );
  }

  setRole(stream: string, role: ModelRole, modelId: string): Promise<void> {
    return guarded(async () => {
      const set = { modelId, sinceMs: this.#clock.now() };
      await this.#db
        .insert(modelRoles)
        .values({ stream, role, ...set })
        .onConflictDoUpdate({ target: [modelRoles.stream, modelRoles.role], set });
    });
  }

  /** Which model has which role in a stream. */
  roles(stream: string): Promise<Partial<Record<ModelRole, string>>> {
    return guarded(async () => {
      const rows = await this.#db.select().from(modelRoles).where(eq(modelRoles.stream, stream));
      return Object.fromEntries(rows.map((row) => [row.role, row.modelId]));
    });
  }

  /** What ought to be in force, for owners of partitions; null while no monitor has said anything of the stream. */
  serving(stream: string): Promise<Serving | null> {
    return readServing(this.#pool, stream);
  }

  /**
   * The model that is to serve a stream, for workers that ask now and then; null before its first training. What a monitor
   * says holds; where it names none, or there is no monitor, the role does.
   */
  champion(stream: string): Promise<ModelRef | null> {
    return guarded(async () => {
      const serving = await this.serving(stream);
      if (serving?.champion) return serving.champion;
      const [row] = await this.#db
        .select({ modelId: models.id, sha256: models.sha256 })
        .from(modelRoles)
        .innerJoin(models, eq(models.id, modelRoles.modelId))
        .where(and(eq(modelRoles.stream, stream), eq(modelRoles.role, 'champion')));
      return row ?? null;
    });
  }

  /** Makes the model champion if the stream has none; the one that it has then. Whoever comes second trained in vain. */
  firstChampion(stream: string, modelId: string): Promise<ModelRef> {
    return guarded(async () => {
      await this.#db
        .insert(modelRoles)
        .values({ stream, role: 'champion', modelId, sinceMs: this.#clock.now() })
        .onConflictDoNothing();
      const champion = await this.champion(stream);
      if (!champion) throw new Error(`the champion of ${stream} was taken away meanwhile`);
      return champion;
    });
  }
}
