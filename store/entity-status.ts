import type { Verdict } from '../core/types.ts';
import { storable } from './encode.ts';
import { FENCE, MAX_ROWS_PER_STATEMENT, type Queryable, type Writer } from './fence.ts';
import { bools, float8s, int8s, texts } from './pg-arrays.ts';
import { SPLIT_WITHIN_MS, SplitNotices } from './split.ts';

/**
 * The newest window of each entity and the partition that wrote it, as a part of a statement that begins with the
 * fence: parameters $4 to $8. When another partition wrote the entity within a day, that is kept, and split_ms then
 * equals last_window_end_ms: so RETURNING tells a split just seen from an earlier one.
 */
export const UPSERT_STATUS = `
newest AS (
  INSERT INTO entity_status AS s (stream, entity, last_window_end_ms, severity, source, probation, partition)
  SELECT $1, u.*, $2::int4 FROM open, unnest($4::text[], $5::int8[], $6::float8[], $7::text[], $8::bool[]) AS u
  ON CONFLICT (stream, entity) DO UPDATE SET
    last_window_end_ms = greatest(s.last_window_end_ms, excluded.last_window_end_ms),
    severity = CASE WHEN s.last_window_end_ms < excluded.last_window_end_ms THEN excluded.severity ELSE s.severity END,
    source = CASE WHEN s.last_window_end_ms < excluded.last_window_end_ms THEN excluded.source ELSE s.source END,
    probation = CASE WHEN s.last_window_end_ms < excluded.last_window_end_ms THEN excluded.probation ELSE s.probation END,
    partition = excluded.partition,
    split_partition = CASE WHEN s.partition <> excluded.partition
        AND abs(s.last_window_end_ms - excluded.last_window_end_ms) <= ${SPLIT_WITHIN_MS}
      THEN s.partition ELSE s.split_partition END,
    split_ms = CASE WHEN s.partition <> excluded.partition
        AND abs(s.last_window_end_ms - excluded.last_window_end_ms) <= ${SPLIT_WITHIN_MS}
      THEN greatest(s.last_window_end_ms, excluded.last_window_end_ms) ELSE s.split_ms END
  WHERE s.last_window_end_ms < excluded.last_window_end_ms
    OR (s.partition <> excluded.partition AND excluded.last_window_end_ms >= s.last_window_end_ms - ${SPLIT_WITHIN_MS})
  RETURNING s.entity, s.split_ms, s.last_window_end_ms
), split AS (SELECT entity, split_ms AS at_ms FROM newest WHERE split_ms = last_window_end_ms)`;

const WRITE_STATUS = `
WITH ${FENCE}, ${UPSERT_STATUS}
SELECT EXISTS (SELECT 1 FROM open) AS open, (SELECT json_agg(split) FROM split) AS split`;

export interface SplitRow {
  entity: string;
  at_ms: number;
}

/** What is known of the newest windows and not yet written. */
export class StatusWriter {
  readonly #pool: Queryable;
  readonly #stream: string;
  readonly #pending = new Map<string, Verdict>();
  readonly splits = new SplitNotices();

  constructor(pool: Queryable, stream: string) {
    this.#pool = pool;
    this.#stream = stream;
  }

  add(verdicts: readonly Verdict[]): void {
    for (const v of verdicts) {
      const known = this.#pending.get(v.entity);
      if (!known || endMs(known) < endMs(v)) this.#pending.set(v.entity, v);
    }
  }

  noticed(rows: readonly SplitRow[] | null): void {
    for (const { entity, at_ms } of rows ?? []) this.splits.notice(entity, at_ms);
  }

  /** What is to be written first; by the entity, so that two partitions that share entities cannot deadlock. */
  batch(): StatusBatch {
    const sorted = [...this.#pending.values()].sort((a, b) => (a.entity < b.entity ? -1 : 1));
    // names that differ only in what cannot be stored are one row
    const rows = new Map<string, Verdict>();
    const taken = sorted.slice(0, MAX_ROWS_PER_STATEMENT);
    for (const v of taken) {
      const name = storable(v.entity);
      const known = rows.get(name);
      if (!known || endMs(known) < endMs(v)) rows.set(name, v);
    }
    return { taken, values: columns(rows) };
  }

  /** After the batch has become durable. What came meanwhile stays. */
  written({ taken }: StatusBatch): void {
    for (const v of taken) if (this.#pending.get(v.entity) === v) this.#pending.delete(v.entity);
  }

  /** Writes all that is pending. */
  async write({ partition, epoch }: Writer): Promise<'written' | 'fenced'> {
    while (this.#pending.size > 0) {
      const batch = this.batch();
      const result = await this.#pool.query<{ open: boolean; split: SplitRow[] | null }>({
        name: 'tw_write_status',
        text: WRITE_STATUS,
        values: [this.#stream, partition, epoch, ...batch.values],
      });
      const { open, split } = result.rows[0]!;
      if (!open) return 'fenced';
      this.noticed(split);
      this.written(batch);
    }
    return 'written';
  }
}

export interface StatusBatch {
  taken: readonly Verdict[];
  values: unknown[];
}

const endMs = (v: Verdict): number => v.windowStartMs + v.windowMs;

function columns(rows: ReadonlyMap<string, Verdict>): unknown[] {
  const verdicts = [...rows.values()];
  return [
    texts([...rows.keys()]),
    int8s(verdicts.map(endMs)),
    float8s(verdicts.map((v) => v.severity)),
    texts(verdicts.map((v) => v.source)),
    bools(verdicts.map((v) => v.probation)),
  ];
}
