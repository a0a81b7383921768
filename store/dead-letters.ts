import { and, count, desc, eq, gte, inArray, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type {
  DeadLetterCount,
  DeadLetterFilter,
  DeadLetterStore,
  DeadLetterSummary,
  WholeDeadLetter,
} from '../monitor/ports.ts';
import { storable } from './encode.ts';
import { guarded } from './pool.ts';
import { deadLetters as letters } from './schema.ts';
import { readHeaders } from './write-dead-letters.ts';

/** No page is longer, whatever limit is named. */
const MAX_ROWS = 10_000;
/** Marked in one statement. */
const MAX_IDS = 1_000;

/** Whole, so that a page goes on exactly where the one before ended; an index has it. */
const ORDER = [letters.receivedMs, letters.stream, letters.partition, letters.atOffset, letters.point] as const;
export const NEWEST_FIRST: SQL[] = ORDER.map((column) => desc(column));

interface Identity {
  stream: string;
  partition: number;
  atOffset: number;
  point: number;
}

export const deadLetterId = (d: Identity): string => `${d.stream}:${d.partition}:${d.atOffset}:${d.point}`;

/** null for what is no id. A stream's name may hold colons. */
function identityOf(id: string): Identity | null {
  const found = /^(.*):(\d{1,9}):(\d{1,15}):(-?\d{1,9})$/s.exec(id);
  if (!found) return null;
  const [, stream, partition, atOffset, point] = found;
  return { stream: storable(stream!), partition: Number(partition), atOffset: Number(atOffset), point: Number(point) };
}

const isLetter = (d: Identity): SQL =>
  and(
    eq(letters.stream, d.stream),
    eq(letters.partition, d.partition),
    eq(letters.atOffset, d.atOffset),
    eq(letters.point, d.point),
  )!;

const SUMMARY = {
  stream: letters.stream,
  partition: letters.partition,
  atOffset: letters.atOffset,
  point: letters.point,
  code: letters.code,
  detail: letters.detail,
  entity: letters.entity,
  metric: letters.metric,
  timeMs: letters.timeMs,
  receivedMs: letters.receivedMs,
  topic: letters.topic,
  appendMs: letters.appendMs,
  valueBytes: sql<number | null>`octet_length(${letters.value})`,
  redrivenMs: letters.redrivenMs,
  redriveNote: letters.redriveNote,
};

const WHOLE = { ...SUMMARY, key: letters.key, value: letters.value, headers: letters.headers };

/** DeadLetterStore on PostgreSQL. Every method throws TidewatchError database_unavailable when PostgreSQL is away. */
export class PostgresDeadLetters implements DeadLetterStore {
  readonly #db: NodePgDatabase;

  constructor(pool: pg.Pool) {
    this.#db = drizzle(pool);
  }

  list(filter: DeadLetterFilter, page: { limit: number; after?: string }): Promise<DeadLetterSummary[]> {
    return guarded(async () => {
      const where = conditions(filter);
      if (page.after !== undefined) {
        const last = identityOf(page.after);
        if (!last) return [];
        // when the letter is gone the comparison is with nulls, and the list is empty rather than from the start
        const position = this.#db
          .select(Object.fromEntries(ORDER.map((column) => [column.name, column])))
          .from(letters)
          .where(isLetter(last));
        where.push(sql`(${sql.join([...ORDER], sql`, `)}) < (${position})`);
      }
      const rows = await this.#db
        .select(SUMMARY)
        .from(letters)
        .where(and(...where))
        .orderBy(...NEWEST_FIRST)
        .limit(Math.max(0, Math.min(Math.floor(page.limit), MAX_ROWS)));
      return rows.map(summary);
    });
  }

  get(id: string): Promise<WholeDeadLetter | null> {
    return guarded(async () => {
      const identity = identityOf(id);
      if (!identity) return null;
      const [row] = await this.#db.select(WHOLE).from(letters).where(isLetter(identity));
      if (!row) return null;
      const { key, value, headers, ...rest } = row;
      return { ...summary(rest), key, value, headers: readHeaders(headers ?? []) };
    });
  }

  counts(filter: DeadLetterFilter): Promise<DeadLetterCount[]> {
    return guarded(() =>
      this.#db
        .select({ stream: letters.stream, code: letters.code, count: count(), redriven: count(letters.redrivenMs) })
        .from(letters)
        .where(and(...conditions(filter)))
        .groupBy(letters.stream, letters.code)
        .orderBy(sql`3 DESC`, letters.stream, letters.code),
    );
  }

  markRedriven(ids: readonly string[], atMs: number, note: string): Promise<number> {
    return guarded(async () => {
      let marked = 0;
      for (let at = 0; at < ids.length; at += MAX_IDS) {
        const some = ids.slice(at, at + MAX_IDS).flatMap((id) => identityOf(id) ?? []);
        if (some.length === 0) continue;
        const tuples = some.map(
          (d) => sql`(${d.stream}::text, ${d.partition}::int4, ${d.atOffset}::int8, ${d.point}::int4)`,
        );
        const identity = sql`(${letters.stream}, ${letters.partition}, ${letters.atOffset}, ${letters.point})`;
        const result = await this.#db
          .update(letters)
          .set({ redrivenMs: Math.floor(atMs), redriveNote: storable(note) })
          .where(and(inArray(identity, tuples), isNull(letters.redrivenMs)));
        marked += result.rowCount ?? 0;
      }
      return marked;
    });
  }
}

export function conditions(filter: DeadLetterFilter): SQL[] {
  const where: SQL[] = [];
  if (filter.stream !== undefined) where.push(eq(letters.stream, storable(filter.stream)));
  if (filter.partition !== undefined) where.push(eq(letters.partition, filter.partition));
  if (filter.code !== undefined) where.push(eq(letters.code, storable(filter.code)));
  if (filter.sinceMs !== undefined) where.push(gte(letters.receivedMs, Math.floor(filter.sinceMs)));
  if (filter.untilMs !== undefined) where.push(lt(letters.receivedMs, Math.ceil(filter.untilMs)));
  if (filter.redriven !== undefined)
    where.push(filter.redriven ? isNotNull(letters.redrivenMs) : isNull(letters.redrivenMs));
  return where;
}

function summary({
  atOffset,
  ...row
}: Omit<DeadLetterSummary, 'id' | 'offset'> & { atOffset: number }): DeadLetterSummary {
  return { ...row, id: deadLetterId({ ...row, atOffset }), offset: atOffset };
}
