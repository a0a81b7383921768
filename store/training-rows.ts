import type pg from 'pg';
import type { TrainingRow } from '../detector/ports.ts';
import { FeatureLists } from './feature-lists.ts';
import { guarded } from './pool.ts';

export interface TrainingRowOptions {
  /** The newest so many windows of each entity. */
  maxWindowsPerEntity: number;
  /** Only windows that start before; default: all. */
  beforeMs?: number;
}

const ENTITIES_PER_QUERY = 16; // bounds what is in memory at once to that many entities' windows

const NEXT_ENTITIES = `
SELECT entity FROM entity_status WHERE stream = $1 AND entity > $2 ORDER BY entity LIMIT ${ENTITIES_PER_QUERY}`;

const NEWEST_WINDOWS = `
SELECT e.entity, n.window_start_ms, n.features_id, n.vals
FROM unnest($2::text[]) WITH ORDINALITY AS e(entity, place)
CROSS JOIN LATERAL (
  SELECT v.window_start_ms, v.features_id, v.vals FROM verdicts v
  WHERE v.stream = $1 AND v.entity = e.entity AND v.window_start_ms < $3
  ORDER BY v.window_start_ms DESC LIMIT $4
) n
ORDER BY e.place, n.window_start_ms`;

/**
 * What the verdicts of a stream read, entity by entity and each in the order of time, for training. Rows with the same
 * features share one array of names. Throws TidewatchError database_unavailable.
 */
export async function* readTrainingRows(
  pool: Pick<pg.Pool, 'query'>,
  stream: string,
  options: TrainingRowOptions,
): AsyncGenerator<TrainingRow> {
  const lists = new FeatureLists(pool);
  let after = '';
  for (;;) {
    const page = await guarded(() => pool.query<{ entity: string }>(NEXT_ENTITIES, [stream, after]));
    const entities = page.rows.map((row) => row.entity);
    if (entities.length === 0) return;
    type Row = { entity: string; window_start_ms: number; features_id: string; vals: number[] };
    const windows = await guarded(() =>
      pool.query<Row>(NEWEST_WINDOWS, [
        stream,
        entities,
        options.beforeMs ?? Number.MAX_SAFE_INTEGER,
        options.maxWindowsPerEntity,
      ]),
    );
    await guarded(() => lists.learn(windows.rows.map((row) => row.features_id)));
    for (const row of windows.rows)
      yield {
        entity: row.entity,
        windowStartMs: row.window_start_ms,
        features: lists.of(row.features_id),
        values: Float64Array.from(row.vals),
      };
    after = entities.at(-1)!;
  }
}
