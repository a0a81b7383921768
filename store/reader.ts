import { and, desc, eq, gte, isNotNull, isNull, lt, or } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Incident } from '../core/types.ts';
import type {
  DeadLetterCount,
  DeadLetterFilter,
  EntityStatus,
  IncidentFilter,
  PartitionStatus,
  Reader,
  StoredDeadLetter,
  StoredVerdict,
  TimeRange,
} from '../monitor/ports.ts';
import { conditions, deadLetterId, NEWEST_FIRST, PostgresDeadLetters } from './dead-letters.ts';
import { readAttributions } from './encode.ts';
import { guarded } from './pool.ts';
import {
  deadLetters,
  entityStatus,
  featureLists,
  incidents,
  partitionGenerations,
  partitionState,
  verdicts,
} from './schema.ts';
import { digestOf, storedVerdictId, verdictIdParts } from './verdict-ids.ts';

/** No question gets more rows than this, whatever limit it names. */
export const MAX_ROWS = 10_000;

const bounded = (limit: number): number => Math.max(0, Math.min(Math.floor(limit), MAX_ROWS));

/** Reader on PostgreSQL. Every method throws TidewatchError database_unavailable when PostgreSQL is away. */
export class PostgresReader implements Reader {
  readonly #db: NodePgDatabase;
  readonly #letters: PostgresDeadLetters;

  constructor(pool: pg.Pool) {
    this.#db = drizzle(pool);
    this.#letters = new PostgresDeadLetters(pool);
  }

  /** Most severe first. */
  entities(stream?: string): Promise<EntityStatus[]> {
    const openIncident = this.#db
      .selectDistinctOn([incidents.stream, incidents.entity], {
        stream: incidents.stream,
        entity: incidents.entity,
        id: incidents.id,
      })
      .from(incidents)
      .where(isNull(incidents.resolvedMs))
      .orderBy(incidents.stream, incidents.entity, desc(incidents.startMs))
      .as('open_incident');
    return guarded(() =>
      this.#db
        .select({
          stream: entityStatus.stream,
          entity: entityStatus.entity,
          lastWindowEndMs: entityStatus.lastWindowEndMs,
          severity: entityStatus.severity,
          source: entityStatus.source,
          probation: entityStatus.probation,
          openIncidentId: openIncident.id,
        })
        .from(entityStatus)
        .leftJoin(
          openIncident,
          and(eq(openIncident.stream, entityStatus.stream), eq(openIncident.entity, entityStatus.entity)),
        )
        .where(stream === undefined ? undefined : eq(entityStatus.stream, stream))
        .orderBy(desc(entityStatus.severity), entityStatus.stream, entityStatus.entity)
        .limit(MAX_ROWS),
    );
  }

  /** Windows that start in [fromMs, toMs), in the order of time; the newest of them when there are more than limit. */
  verdicts(stream: string, entity: string, range: TimeRange, limit: number): Promise<StoredVerdict[]> {
    return guarded(async () => {
      const newest = await this.#verdicts()
        .where(
          and(
            eq(verdicts.stream, stream),
            eq(verdicts.entity, entity),
            gte(verdicts.windowStartMs, Math.floor(range.fromMs)),
            lt(verdicts.windowStartMs, Math.ceil(range.toMs)),
          ),
        )
        .orderBy(desc(verdicts.windowStartMs), desc(verdicts.windowMs), desc(verdicts.schemaVersion))
        .limit(bounded(limit));
      return newest.reverse().map(toVerdict);
    });
  }

  verdict(id: string): Promise<StoredVerdict | null> {
    return guarded(async () => {
      const parts = verdictIdParts(id);
      if (!parts) return null;
      // a name is a short way from its digest; should two share one, both are asked for
      const names = await this.#db
        .select({ stream: entityStatus.stream, entity: entityStatus.entity })
        .from(entityStatus)
        .where(eq(digestOf(entityStatus), parts.digest));
      for (const { stream, entity } of names) {
        const identity = [eq(verdicts.stream, stream), eq(verdicts.entity, entity)];
        identity.push(eq(verdicts.windowStartMs, parts.windowStartMs), eq(verdicts.windowMs, parts.windowMs));
        identity.push(eq(verdicts.schemaVersion, parts.schemaVersion));
        const [row] = await this.#verdicts().where(and(...identity));
        if (row) return toVerdict(row);
      }
      return null;
    });
  }

  #verdicts() {
    return this.#db
      .select({ verdict: verdicts, digest: digestOf(verdicts), features: featureLists.names })
      .from(verdicts)
      .innerJoin(featureLists, eq(featureLists.id, verdicts.featuresId));
  }

  /** Newest start first. */
  incidents(filter: IncidentFilter): Promise<Incident[]> {
    return guarded(async () => {
      const rows = await this.#db
        .select()
        .from(incidents)
        .where(
          and(
            filter.stream === undefined ? undefined : eq(incidents.stream, filter.stream),
            filter.entity === undefined ? undefined : eq(incidents.entity, filter.entity),
            filter.open === undefined
              ? undefined
              : filter.open
                ? isNull(incidents.resolvedMs)
                : isNotNull(incidents.resolvedMs),
            filter.sinceMs === undefined
              ? undefined
              : or(isNull(incidents.resolvedMs), gte(incidents.resolvedMs, filter.sinceMs)),
            filter.untilMs === undefined ? undefined : lt(incidents.startMs, filter.untilMs),
          ),
        )
        .orderBy(desc(incidents.startMs), incidents.id)
        .limit(bounded(filter.limit));
      return rows.map((row) => ({ ...row, attributions: readAttributions(row.attributions) }));
    });
  }

  incident(id: string): Promise<Incident | null> {
    return guarded(async () => {
      const [row] = await this.#db.select().from(incidents).where(eq(incidents.id, id)).limit(1);
      return row ? { ...row, attributions: readAttributions(row.attributions) } : null;
    });
  }

  partitions(): Promise<PartitionStatus[]> {
    const g = partitionGenerations;
    return guarded(() =>
      this.#db
        .select({
          stream: g.stream,
          partition: g.partition,
          offsetNext: g.offsetNext,
          watermarkMs: g.watermarkMs,
          counters: g.counters,
          checkpointedMs: g.checkpointedMs,
        })
        .from(partitionState)
        .innerJoin(
          g,
          and(
            eq(g.stream, partitionState.stream),
            eq(g.partition, partitionState.partition),
            eq(g.slot, partitionState.slot),
          ),
        )
        .orderBy(g.stream, g.partition),
    );
  }

  /** Newest first. */
  deadLetters(limit: number, filter: DeadLetterFilter = {}): Promise<StoredDeadLetter[]> {
    return guarded(async () => {
      const rows = await this.#db
        .select()
        .from(deadLetters)
        .where(and(...conditions(filter)))
        .orderBy(...NEWEST_FIRST)
        .limit(bounded(limit));
      return rows.map((row) => ({
        id: deadLetterId(row),
        stream: row.stream,
        partition: row.partition,
        offset: row.atOffset,
        code: row.code,
        detail: row.detail,
        receivedMs: row.receivedMs,
        key: row.key,
        value: row.value ?? new Uint8Array(0),
      }));
    });
  }

  deadLetterCounts(filter: DeadLetterFilter): Promise<DeadLetterCount[]> {
    return this.#letters.counts(filter);
  }
}

function toVerdict(row: { verdict: typeof verdicts.$inferSelect; digest: string; features: string[] }): StoredVerdict {
  const { vals, low, high, attributions, contentHash: _hash, featuresId: _list, partition: _by, ...rest } = row.verdict;
  return {
    ...rest,
    id: storedVerdictId(row.digest, rest),
    readings: {
      features: row.features,
      values: Float64Array.from(vals),
      low: Float64Array.from(low),
      high: Float64Array.from(high),
    },
    attributions: readAttributions(attributions),
  };
}
