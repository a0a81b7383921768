import type { Incident } from '../core/types.ts';
import { jsonText, storable } from './encode.ts';
import { FENCE, type Queryable, type Writer } from './fence.ts';
import { float8s, int4s, int8s, texts } from './pg-arrays.ts';

const UPSERT_INCIDENTS = `
WITH ${FENCE}
INSERT INTO incidents AS i (id, stream, entity, kind, start_ms, last_ms, resolved_ms, peak_severity, windows, attributions, summary)
SELECT u.id, $1, u.entity, u.kind, u.start_ms, u.last_ms, u.resolved_ms, u.peak, u.windows, u.attributions::jsonb, u.summary
FROM open, unnest($4::text[], $5::text[], $6::text[], $7::int8[], $8::int8[], $9::int8[], $10::float8[], $11::int4[], $12::text[], $13::text[])
  AS u(id, entity, kind, start_ms, last_ms, resolved_ms, peak, windows, attributions, summary)
ON CONFLICT (id) DO UPDATE SET last_ms = excluded.last_ms, resolved_ms = excluded.resolved_ms,
  peak_severity = excluded.peak_severity, windows = excluded.windows, attributions = excluded.attributions,
  summary = excluded.summary
WHERE (excluded.last_ms, excluded.windows, excluded.resolved_ms IS NOT NULL) > (i.last_ms, i.windows, i.resolved_ms IS NOT NULL)`;

/** Whether state b of an incident supersedes state a of the same. */
export function isNewer(b: Incident, a: Incident): boolean {
  if (b.lastMs !== a.lastMs) return b.lastMs > a.lastMs;
  if (b.windows !== a.windows) return b.windows > a.windows;
  return b.resolvedMs !== null && a.resolvedMs === null;
}

export async function writeIncidents(
  pool: Queryable,
  stream: string,
  states: readonly Incident[],
  { partition, epoch }: Writer,
): Promise<void> {
  if (states.length === 0) return;
  const newest = new Map<string, Incident>();
  for (const state of states) {
    const known = newest.get(state.id);
    if (!known || isNewer(state, known)) newest.set(state.id, state);
  }
  const rows = [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  await pool.query({
    name: 'tw_upsert_incidents',
    text: UPSERT_INCIDENTS,
    values: [
      storable(stream),
      partition,
      epoch,
      texts(rows.map((i) => storable(i.id))),
      texts(rows.map((i) => storable(i.entity))),
      texts(rows.map((i) => i.kind)),
      int8s(rows.map((i) => i.startMs)),
      int8s(rows.map((i) => i.lastMs)),
      rows.map((i) => i.resolvedMs),
      float8s(rows.map((i) => i.peakSeverity)),
      int4s(rows.map((i) => i.windows)),
      texts(rows.map((i) => jsonText(i.attributions))),
      texts(rows.map((i) => storable(i.summary))),
    ],
  });
}
