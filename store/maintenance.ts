import { and, desc, eq, gt, isNull, lt, or, type SQL } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { checkMaintenance } from '../monitor/notify/check.ts';
import { MAX_NOTIFY_ROWS, type MaintenanceStore, type MaintenanceWindow } from '../monitor/notify/ports.ts';
import { rowsAllowed } from '../monitor/rows-allowed.ts';
import { storable } from './encode.ts';
import { guarded } from './pool.ts';
import { maintenanceWindows as windows } from './schema-monitor.ts';

const storableOrNull = (text: string | null): string | null => (text === null ? null : storable(text));

/** MaintenanceStore on PostgreSQL. Throws TidewatchError database_unavailable. */
export class PostgresMaintenance implements MaintenanceStore {
  readonly #db: NodePgDatabase;

  constructor(pool: pg.Pool) {
    this.#db = drizzle(pool);
  }

  add(window: Omit<MaintenanceWindow, 'endedMs' | 'endedBy'>): Promise<void> {
    return guarded(async () => {
      checkMaintenance(window);
      const { id, stream, entity, metric, fromMs, toMs, reason, actor, createdMs } = window;
      await this.#db
        .insert(windows)
        .values({
          id: storable(id),
          stream: storableOrNull(stream),
          entity: storableOrNull(entity),
          metric: storableOrNull(metric),
          fromMs,
          toMs,
          reason: storable(reason),
          actor: storable(actor),
          createdMs,
        })
        .onConflictDoNothing();
    });
  }

  end(id: string, atMs: number, actor: string): Promise<boolean> {
    return guarded(async () => {
      const ended = await this.#db
        .update(windows)
        .set({ endedMs: Math.floor(atMs), endedBy: storable(actor) })
        .where(and(eq(windows.id, storable(id)), isNull(windows.endedMs)));
      return ended.rowCount === 1;
    });
  }

  get(id: string): Promise<MaintenanceWindow | null> {
    return guarded(async () => {
      const [row] = await this.#db
        .select()
        .from(windows)
        .where(eq(windows.id, storable(id)));
      return row ?? null;
    });
  }

  list(filter: { stream?: string; fromMs?: number; toMs?: number; limit?: number }): Promise<MaintenanceWindow[]> {
    const where: (SQL | undefined)[] = [];
    if (filter.stream !== undefined) where.push(or(isNull(windows.stream), eq(windows.stream, filter.stream)));
    if (filter.fromMs !== undefined) where.push(gt(windows.toMs, Math.floor(filter.fromMs)));
    if (filter.toMs !== undefined) where.push(lt(windows.fromMs, Math.ceil(filter.toMs)));
    return guarded(() =>
      this.#db
        .select()
        .from(windows)
        .where(and(...where))
        .orderBy(desc(windows.fromMs), windows.id)
        .limit(rowsAllowed(filter.limit, MAX_NOTIFY_ROWS)),
    );
  }
}
