import type pg from 'pg';
import type { Clock } from '../../core/clock.ts';
import type { Attribution, Verdict } from '../../core/types.ts';
import { VerdictWriter } from '../../store/flush.ts';

/** A fleet's verdicts, written as workers write them. */
export interface FleetSize {
  entities: number;
  windowsPerDay: number;
  days: number;
  features: number;
}

export const STREAM = 'hosts';
export const DAY_MS = 86_400_000;
/** Midnight, since tables are by day. */
export const START_MS = Math.floor(1_760_000_000_000 / DAY_MS) * DAY_MS;
const BATCH_ROWS = 1_000;
/** One window in so many is anomalous; the alert rate that is configured at first is one in a thousand. */
const ANOMALOUS_EVERY = 997;
const WRITER = { partition: 0, epoch: 1 };

export const entityName = (n: number): string => `host-${String(n).padStart(6, '0')}`;
export const windowMs = (size: FleetSize): number => DAY_MS / size.windowsPerDay;
export const endMs = (size: FleetSize): number => START_MS + size.days * DAY_MS;

/** The n-th verdict of a day: all entities of a window, then those of the next one. Deterministic. */
function verdictAt(n: number, size: FleetSize, features: readonly string[]): Verdict {
  const window = Math.floor(n / size.entities);
  const isAnomalous = n % ANOMALOUS_EVERY === 0;
  const values = Float64Array.from(features, (_, k) => Math.sin(n * 7.1 + k) * 100);
  const reason = (metric: string, share: number): Attribution => ({
    metric,
    share,
    value: 100.25,
    expectedLow: -3.125,
    expectedHigh: 3.5,
  });
  return {
    stream: STREAM,
    entity: entityName(n % size.entities),
    windowStartMs: START_MS + window * windowMs(size),
    windowMs: windowMs(size),
    schemaVersion: 1,
    source: 'forest',
    score: 0.4 + 0.2 * Math.sin(n),
    pValue: isAnomalous ? 0.0004 : 0.5 + 0.4 * Math.sin(n * 1.7),
    severity: isAnomalous ? 1.1 + (n % 7) / 10 : 0.1 + 0.08 * Math.sin(n * 2.3),
    probation: false,
    modelId: '0123456789abcdef',
    calibrationVersion: 1,
    readings: { features, values, low: values.map((x) => x - 3), high: values.map((x) => x + 3) },
    attributions: isAnomalous ? [reason('metric_1', 0.7), reason('metric_2', 0.2), reason('metric_3', 0.1)] : [],
  };
}

export interface Filled {
  rows: number;
  /** Of the first day, through the writer of workers: one connection, durable. */
  writtenPerSecond: number;
}

/**
 * The first day goes through the writer of workers. The others are copies of it, a day later each, made by the server in
 * the same order of rows, so that they lie on disk as if they had been written the same way. Needs an empty, migrated
 * database and a pool whose statements may take long.
 */
export async function fillVerdicts(
  pool: pg.Pool,
  size: FleetSize,
  clock: Clock,
  say: (line: string) => void,
): Promise<Filled> {
  await pool.query(
    `INSERT INTO partition_state (stream, partition, epoch, owner, slot, claimed_ms) VALUES ($1, 0, 1, 'a', 0, $2)`,
    [STREAM, START_MS],
  );
  await pool.query(
    `INSERT INTO partition_generations VALUES ($1, 0, 0, 1, 9, '', '', $2::bigint, 0, '{"applied": 9}', $2::bigint)`,
    [STREAM, START_MS],
  );
  const features = Array.from({ length: size.features }, (_, i) => `metric_${i}__mean__10s`);
  const writer = new VerdictWriter(pool, STREAM, clock);
  const aDay = size.entities * size.windowsPerDay;
  const before = clock.elapsed();
  for (let from = 0; from < aDay; from += BATCH_ROWS) {
    const count = Math.min(BATCH_ROWS, aDay - from);
    const batch = Array.from({ length: count }, (_, i) => verdictAt(from + i, size, features));
    const result = await writer.write(batch, WRITER);
    if (result === 'fenced' || result.divergent > 0) throw new Error(JSON.stringify(result));
    if ((from / BATCH_ROWS) % 200 === 199) say(`${from + count} verdicts written`);
  }
  await writer.settle(WRITER);
  const tookMs = clock.elapsed() - before;
  const [first, ...others] = Array.from({ length: size.days }, (_, day) => START_MS / DAY_MS + day);
  await pool.query('SELECT ensure_verdict_partitions($1, $2::integer[])', [STREAM, others]);
  const day = (await pool.query<{ name: string }>('SELECT name FROM verdict_partitions WHERE day = $1', [first]))
    .rows[0]!.name;
  const columns = (
    await pool.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'verdicts'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    )
  ).rows.map(({ name }) => name);
  for (let i = 1; i < size.days; i++) {
    const shifted = columns.map((name) =>
      name === 'window_start_ms' ? `window_start_ms + ${i * DAY_MS}::bigint` : name,
    );
    await pool.query(`INSERT INTO verdicts (${columns.join(', ')}) SELECT ${shifted.join(', ')} FROM ${day}`);
    say(`day ${i + 1} of ${size.days} is there`);
  }
  await pool.query('UPDATE entity_status SET last_window_end_ms = last_window_end_ms + $1::bigint', [
    (size.days - 1) * DAY_MS,
  ]);
  await pool.query('ANALYZE verdicts, entity_status');
  return { rows: aDay * size.days, writtenPerSecond: (aDay / tookMs) * 1_000 };
}

/** Of the year before, by an alert in a thousand windows, three windows each; nobody removes incidents. */
const incidentsBefore = (size: FleetSize): number => Math.floor((size.entities * size.windowsPerDay * 365) / 3_000);

/** An incident for every other anomalous window, the last day's open, and those of a year before. Returns how many. */
export async function fillIncidents(pool: pg.Pool, size: FleetSize): Promise<number> {
  await pool.query(
    `INSERT INTO incidents (id, stream, entity, kind, start_ms, last_ms, resolved_ms, peak_severity, windows, attributions, summary)
     SELECT md5(entity || window_start_ms), stream, entity, 'anomaly', window_start_ms, window_start_ms + window_ms,
       CASE WHEN window_start_ms < $1 THEN window_start_ms + 3 * window_ms END, severity, 1, attributions,
       'metric_1 100, expected -3.13 to 3.5'
     FROM verdicts WHERE severity > 1 AND window_start_ms % (2 * window_ms) = 0`,
    [endMs(size) - DAY_MS],
  );
  await pool.query(
    `INSERT INTO incidents (id, stream, entity, kind, start_ms, last_ms, resolved_ms, peak_severity, windows, attributions, summary)
     SELECT 'before-' || n, $1, 'host-' || lpad((n % $4)::text, 6, '0'), 'anomaly', at, at + $5::bigint, at + 3 * $5::bigint, 1.5,
       1, (SELECT attributions FROM incidents WHERE resolved_ms IS NULL LIMIT 1), 'metric_1 100, expected -3.13 to 3.5'
     FROM generate_series(1, $3) n, LATERAL (SELECT $2::bigint - (n * (365 * 86400000::numeric / $3))::bigint AS at) t`,
    [STREAM, START_MS, incidentsBefore(size), size.entities, windowMs(size)],
  );
  await pool.query('ANALYZE incidents');
  return (await pool.query<{ n: number }>('SELECT count(*) AS n FROM incidents')).rows[0]!.n;
}
