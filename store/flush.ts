import type pg from 'pg';
import { namesHash, verdictHash, verdictId } from '../core/hash.ts';
import type { Incident, Verdict } from '../core/types.ts';
import type { DeadLetter } from '../ingest/ports.ts';
import { jsonText, storable } from './encode.ts';
import { bools, byteas, float8s, int4s, int8s, texts } from './pg-arrays.ts';

/** The part of a pool that the statements need; a test puts a faulty one in. */
export type Queryable = Pick<pg.Pool, 'query'>;

const DAY_MS = 86_400_000;
const MAX_ROWS_PER_STATEMENT = 2_000; // bounds the memory and the time of one statement
/** Windows end together: a burst of more rows than this goes in halves over two connections, which takes a quarter less. */
const HALVED_FROM_ROWS = 400;

/** Who writes: nothing is written for a partition whose epoch is another by now. Without an epoch nobody is fenced. */
export interface Writer {
  partition: number;
  epoch: number | null;
}

/** One row in `open` unless the writer is fenced; a claim waits until the statement that looked has ended. */
const fence = (partition: string, epoch: string): string => `
fence AS MATERIALIZED (
  SELECT 1 FROM partition_state WHERE stream = $1 AND partition = ${partition}::int4 AND epoch = ${epoch}::int8 FOR SHARE
), open AS MATERIALIZED (SELECT 1 WHERE ${epoch}::int8 IS NULL OR EXISTS (SELECT 1 FROM fence))`;

/**
 * Verdicts and, in the same statement, the newest window of each entity. The float arrays of all rows travel as one
 * array each and are cut per row.
 */
const INSERT_VERDICTS = `
WITH ${fence('$27', '$28')}, inserted AS (
  INSERT INTO verdicts (stream, id, entity, window_start_ms, window_ms, schema_version, source, score, p_value, severity,
    probation, model_id, calibration_version, features_id, content_hash, attributions, vals, low, high)
  SELECT $1, u.id, u.entity, u.start_ms, u.window_ms, u.schema, u.source, u.score, u.p, u.severity,
    u.probation, u.model, u.calibration, u.features, u.hash, u.attributions::jsonb,
    ($18::float8[])[u.first:u.last], ($19::float8[])[u.first:u.last], ($20::float8[])[u.first:u.last]
  FROM open, unnest($2::text[], $3::text[], $4::int8[], $5::int8[], $6::int4[], $7::text[], $8::float8[], $9::float8[],
    $10::float8[], $11::bool[], $12::text[], $13::int4[], $14::text[], $15::text[], $16::text[], $17::int4[], $21::int4[])
    AS u(id, entity, start_ms, window_ms, schema, source, score, p, severity, probation, model, calibration, features,
      hash, attributions, first, last)
  ON CONFLICT DO NOTHING RETURNING 1
), newest AS (
  INSERT INTO entity_status (stream, entity, last_window_end_ms, severity, source, probation)
  SELECT $1, u.* FROM open, unnest($22::text[], $23::int8[], $24::float8[], $25::text[], $26::bool[]) AS u
  ON CONFLICT (stream, entity) DO UPDATE SET last_window_end_ms = excluded.last_window_end_ms,
    severity = excluded.severity, source = excluded.source, probation = excluded.probation
  WHERE entity_status.last_window_end_ms < excluded.last_window_end_ms
)
SELECT (SELECT count(*) FROM inserted) AS inserted, EXISTS (SELECT 1 FROM open) AS open`;

const COUNT_DIVERGENT = `
SELECT count(*) AS divergent
FROM unnest($2::text[], $3::int8[], $4::int8[], $5::int4[], $6::text[]) AS u(entity, start_ms, window_ms, schema, hash)
JOIN verdicts v ON v.stream = $1 AND v.entity = u.entity AND v.window_start_ms = u.start_ms
  AND v.window_ms = u.window_ms AND v.schema_version = u.schema
WHERE v.content_hash <> u.hash`;

const UPSERT_INCIDENTS = `
WITH ${fence('$12', '$13')}
INSERT INTO incidents AS i (id, stream, entity, kind, start_ms, last_ms, resolved_ms, peak_severity, windows, attributions, summary)
SELECT u.id, $1, u.entity, u.kind, u.start_ms, u.last_ms, u.resolved_ms, u.peak, u.windows, u.attributions::jsonb, u.summary
FROM open, unnest($2::text[], $3::text[], $4::text[], $5::int8[], $6::int8[], $7::int8[], $8::float8[], $9::int4[], $10::text[], $11::text[])
  AS u(id, entity, kind, start_ms, last_ms, resolved_ms, peak, windows, attributions, summary)
ON CONFLICT (id) DO UPDATE SET last_ms = excluded.last_ms, resolved_ms = excluded.resolved_ms,
  peak_severity = excluded.peak_severity, windows = excluded.windows, attributions = excluded.attributions,
  summary = excluded.summary
WHERE (excluded.last_ms, excluded.windows, excluded.resolved_ms IS NOT NULL) > (i.last_ms, i.windows, i.resolved_ms IS NOT NULL)`;

const INSERT_DEAD_LETTERS = `
WITH ${fence('$10', '$11')}
INSERT INTO dead_letters (stream, partition, at_offset, point, code, detail, received_ms, key, value)
SELECT $1, u.partition, u.at_offset, u.point, u.code, u.detail, $2, u.key, u.value
FROM open, unnest($3::int4[], $4::int8[], $5::int4[], $6::text[], $7::text[], $8::bytea[], $9::bytea[])
  AS u(partition, at_offset, point, code, detail, key, value)
ON CONFLICT DO NOTHING`;

/** Writes verdicts of one stream; remembers which partitions and feature lists exist. */
export class VerdictWriter {
  readonly #pool: Queryable;
  readonly #stream: string;
  readonly #days = new Set<number>();
  /** By the list itself: the fold hands the same array over for as long as the features are the same. */
  readonly #lists = new WeakMap<readonly string[], string>();
  readonly #stored = new Set<string>();

  constructor(pool: Queryable, stream: string) {
    this.#pool = pool;
    this.#stream = storable(stream);
  }

  async write(verdicts: readonly Verdict[], writer: Writer): Promise<{ divergent: number } | 'fenced'> {
    let divergent = 0;
    for (let at = 0; at < verdicts.length; at += MAX_ROWS_PER_STATEMENT) {
      const some = verdicts.slice(at, at + MAX_ROWS_PER_STATEMENT);
      // made here once, so that the halves do not both find them missing
      await this.#ensureFeatureLists(some);
      await this.#ensurePartitions(some);
      const half = some.length > HALVED_FROM_ROWS ? some.length >> 1 : some.length;
      const parts = [some.slice(0, half), some.slice(half)].filter((part) => part.length > 0);
      for (const result of await Promise.all(parts.map((part) => this.#writeSome(part, writer)))) {
        if (result === 'fenced') return result;
        divergent += result;
      }
    }
    return { divergent };
  }

  async #writeSome(verdicts: readonly Verdict[], { partition, epoch }: Writer): Promise<number | 'fenced'> {
    const featureIds = await this.#ensureFeatureLists(verdicts);
    await this.#ensurePartitions(verdicts);
    const columns = verdictColumns(verdicts, featureIds);
    const values = [this.#stream, ...columns.values, partition, epoch];
    const insert = async () => {
      const statement = { name: 'tw_insert_verdicts', text: INSERT_VERDICTS, values };
      return (await this.#pool.query<{ inserted: number; open: boolean }>(statement)).rows[0]!;
    };
    let outcome: Awaited<ReturnType<typeof insert>>;
    try {
      outcome = await insert();
    } catch (error) {
      // check_violation: retention dropped a partition after we had seen it
      if ((error as { code?: string }).code !== '23514') throw error;
      this.#days.clear();
      await this.#ensurePartitions(verdicts);
      outcome = await insert();
    }
    if (!outcome.open) return 'fenced';
    if (outcome.inserted === verdicts.length) return 0;
    const result = await this.#pool.query<{ divergent: number }>({
      name: 'tw_count_divergent',
      text: COUNT_DIVERGENT,
      values: [this.#stream, ...columns.identity],
    });
    return Number(result.rows[0]?.divergent ?? 0);
  }

  async #ensurePartitions(verdicts: readonly Verdict[]): Promise<void> {
    const missing = new Set<number>();
    for (const v of verdicts) {
      const day = Math.floor(v.windowStartMs / DAY_MS);
      if (!this.#days.has(day)) missing.add(day);
    }
    if (missing.size === 0) return;
    await this.#pool.query('SELECT ensure_verdict_partitions($1, $2::int4[])', [this.#stream, int4s([...missing])]);
    for (const day of missing) this.#days.add(day);
  }

  async #ensureFeatureLists(verdicts: readonly Verdict[]): Promise<string[]> {
    const fresh = new Map<string, readonly string[]>();
    const ids = verdicts.map(({ readings: { features } }) => {
      const id = this.#lists.get(features) ?? namesHash(features);
      this.#lists.set(features, id);
      if (!this.#stored.has(id)) fresh.set(id, features);
      return id;
    });
    for (const [id, names] of fresh) {
      await this.#pool.query('INSERT INTO feature_lists VALUES ($1, $2::text[]) ON CONFLICT DO NOTHING', [
        id,
        texts(names.map(storable)),
      ]);
      this.#stored.add(id);
    }
    return ids;
  }
}

function verdictColumns(verdicts: readonly Verdict[], featureIds: string[]) {
  const entities = verdicts.map((v) => storable(v.entity));
  const starts = int8s(verdicts.map((v) => v.windowStartMs));
  const lengths = int8s(verdicts.map((v) => v.windowMs));
  const schemas = int4s(verdicts.map((v) => v.schemaVersion));
  const hashes = texts(verdicts.map(verdictHash));
  const entityColumn = texts(entities);

  const first: number[] = [];
  const last: number[] = [];
  let total = 0;
  for (const { readings } of verdicts) {
    first.push(total + 1);
    total += readings.features.length;
    last.push(total);
  }
  const flat = (pick: (v: Verdict) => Float64Array) => {
    const all = new Float64Array(total);
    verdicts.forEach((v, i) => {
      all.set(pick(v), first[i]! - 1);
    });
    return float8s(all);
  };

  const newest = new Map<string, Verdict>();
  verdicts.forEach((v, i) => {
    const known = newest.get(entities[i]!);
    if (!known || known.windowStartMs + known.windowMs < v.windowStartMs + v.windowMs) newest.set(entities[i]!, v);
  });
  // always locked in the same order, so that two partitions that share entities cannot deadlock
  const status = [...newest].sort(([a], [b]) => (a < b ? -1 : 1));

  const values = [
    texts(verdicts.map(verdictId)),
    entityColumn,
    starts,
    lengths,
    schemas,
    texts(verdicts.map((v) => v.source)),
    float8s(verdicts.map((v) => v.score)),
    float8s(verdicts.map((v) => v.pValue)),
    float8s(verdicts.map((v) => v.severity)),
    bools(verdicts.map((v) => v.probation)),
    texts(verdicts.map((v) => storable(v.modelId))),
    int4s(verdicts.map((v) => v.calibrationVersion)),
    texts(featureIds),
    hashes,
    texts(verdicts.map((v) => (v.attributions.length === 0 ? null : jsonText(v.attributions)))),
    int4s(first),
    flat((v) => v.readings.values),
    flat((v) => v.readings.low),
    flat((v) => v.readings.high),
    int4s(last),
    texts(status.map(([entity]) => entity)),
    int8s(status.map(([, v]) => v.windowStartMs + v.windowMs)),
    float8s(status.map(([, v]) => v.severity)),
    texts(status.map(([, v]) => v.source)),
    bools(status.map(([, v]) => v.probation)),
  ];
  return { values, identity: [entityColumn, starts, lengths, schemas, hashes] };
}

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
      partition,
      epoch,
    ],
  });
}

export async function writeDeadLetters(
  pool: Queryable,
  stream: string,
  letters: readonly DeadLetter[],
  receivedMs: number,
  { partition, epoch }: Writer,
): Promise<void> {
  for (let at = 0; at < letters.length; at += MAX_ROWS_PER_STATEMENT) {
    const rows = letters.slice(at, at + MAX_ROWS_PER_STATEMENT);
    await pool.query({
      name: 'tw_insert_dead_letters',
      text: INSERT_DEAD_LETTERS,
      values: [
        storable(stream),
        receivedMs,
        int4s(rows.map((d) => d.partition)),
        int8s(rows.map((d) => d.offset)),
        int4s(rows.map((d) => d.point)),
        texts(rows.map((d) => d.fault.code)),
        texts(rows.map((d) => storable(d.fault.detail))),
        byteas(rows.map((d) => d.key)),
        byteas(rows.map((d) => d.value)),
        partition,
        epoch,
      ],
    });
  }
}
