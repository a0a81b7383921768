import { eq } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import { orThrow, TidewatchError } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import type { GoldenSet, GoldenSets } from '../monitor/training/golden.ts';
import { decodeGolden, encodeGolden } from '../monitor/training/golden-codec.ts';
import { storable } from './encode.ts';
import { guarded } from './pool.ts';
import { goldenSets } from './schema-monitor.ts';

/** GoldenSets on PostgreSQL, which itself refuses to change or to forget one. */
export class PostgresGoldenSets implements GoldenSets {
  readonly #db: NodePgDatabase;
  readonly #clock: Clock;

  constructor(pool: pg.Pool, clock: Clock) {
    this.#db = drizzle(pool);
    this.#clock = clock;
  }

  /** Throws TidewatchError evidence_altered when the bytes are no longer those that were frozen. */
  get(stream: string): Promise<GoldenSet | null> {
    return guarded(async () => {
      const [row] = await this.#db
        .select({ bytes: goldenSets.bytes, sha256: goldenSets.sha256 })
        .from(goldenSets)
        .where(eq(goldenSets.stream, storable(stream)));
      if (!row) return null;
      if (sha256Hex(row.bytes) !== row.sha256)
        throw new TidewatchError('evidence_altered', `the golden set of ${stream}: its hash does not hold`);
      return orThrow(decodeGolden(row.bytes));
    });
  }

  freeze(stream: string, set: GoldenSet): Promise<void> {
    return guarded(async () => {
      const encoded = encodeGolden(set);
      const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
      await this.#db
        .insert(goldenSets)
        .values({ stream: storable(stream), bytes, sha256: sha256Hex(encoded), createdMs: this.#clock.now() })
        .onConflictDoNothing();
    });
  }
}
