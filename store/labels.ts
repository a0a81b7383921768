import { and, desc, eq, gt, lt, type SQL } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Label } from '../monitor/controller/ports.ts';
import { checkLabel } from '../monitor/labels/check.ts';
import { type LabelFilter, type LabelStore, MAX_LABEL_ROWS } from '../monitor/labels/ports.ts';
import { rowsAllowed } from '../monitor/rows-allowed.ts';
import { storable } from './encode.ts';
import { guarded } from './pool.ts';
import { labels } from './schema-monitor.ts';

/** LabelStore on PostgreSQL. Throws TidewatchError database_unavailable. */
export class PostgresLabels implements LabelStore {
  readonly #db: NodePgDatabase;

  constructor(pool: pg.Pool) {
    this.#db = drizzle(pool);
  }

  add(label: Label): Promise<void> {
    return guarded(async () => {
      checkLabel(label);
      const texts = {
        id: storable(label.id),
        entity: storable(label.entity),
        note: storable(label.note),
        actor: storable(label.actor),
      };
      await this.#db
        .insert(labels)
        .values({ ...label, ...texts })
        .onConflictDoNothing();
    });
  }

  list(filter: LabelFilter): Promise<Label[]> {
    const where: SQL[] = [];
    if (filter.stream !== undefined) where.push(eq(labels.stream, filter.stream));
    if (filter.entity !== undefined) where.push(eq(labels.entity, storable(filter.entity)));
    if (filter.incident !== undefined) where.push(eq(labels.incident, filter.incident));
    if (filter.fromMs !== undefined) where.push(gt(labels.toMs, Math.floor(filter.fromMs)));
    if (filter.toMs !== undefined) where.push(lt(labels.fromMs, Math.ceil(filter.toMs)));
    return guarded(async () => {
      const rows = await this.#db
        .select()
        .from(labels)
        .where(and(...where))
        .orderBy(desc(labels.createdMs), desc(labels.number))
        .limit(rowsAllowed(filter.limit, MAX_LABEL_ROWS));
      return rows.map(({ number: _arrival, ...label }) => label);
    });
  }
}
