import type pg from 'pg';
import type { SplitEntities } from '../monitor/ports.ts';
import { guarded } from './pool.ts';
import { SPLIT_WITHIN_MS } from './split.ts';

/** Seen within a day before the stream's newest window: one that ended when keys were given, or partitions added, fades. */
const SPLIT = `
SELECT stream, count(*) AS count,
  (array_agg(json_build_object('entity', entity, 'partitions', json_build_array(split_partition, partition), 'seenMs', split_ms)
    ORDER BY split_ms DESC, entity))[1:10] AS examples
FROM entity_status s
JOIN (SELECT stream, max(last_window_end_ms) AS newest_ms FROM entity_status GROUP BY stream) AS n USING (stream)
WHERE s.split_ms >= n.newest_ms - ${SPLIT_WITHIN_MS}
GROUP BY stream ORDER BY stream`;

/** Streams that have split entities, with examples. Throws TidewatchError database_unavailable. */
export function readSplitEntities(pool: Pick<pg.Pool, 'query'>): Promise<SplitEntities[]> {
  return guarded(async () => (await pool.query<SplitEntities>(SPLIT)).rows);
}
