import { desc, eq } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Experiment, ExperimentStore } from '../detector/ports.ts';
import { guarded } from './pool.ts';
import { experiments } from './schema.ts';

/** Figures may be NaN (not computable), which JSON lacks: those are left out. */
const finite = (metrics: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));

/** ExperimentStore on PostgreSQL. */
export class PostgresExperimentStore implements ExperimentStore {
  readonly #db: NodePgDatabase;

  constructor(pool: pg.Pool) {
    this.#db = drizzle(pool);
  }

  record(experiment: Experiment): Promise<void> {
    return guarded(async () => {
      await this.#db
        .insert(experiments)
        .values({ ...experiment, metrics: finite(experiment.metrics) })
        .onConflictDoNothing();
    });
  }

  get(id: string): Promise<Experiment | null> {
    return guarded(async () => {
      const [row] = await this.#db.select().from(experiments).where(eq(experiments.id, id));
      return row ?? null;
    });
  }

  list(limit: number): Promise<Experiment[]> {
    return guarded(() =>
      this.#db.select().from(experiments).orderBy(desc(experiments.createdMs), experiments.id).limit(limit),
    );
  }
}
