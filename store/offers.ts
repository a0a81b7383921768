import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import { type LabelOffer, MAX_LABEL_ROWS, MAX_OFFERS, type OfferStore } from '../monitor/labels/ports.ts';
import { PLACE_DIGITS } from '../monitor/labels/sample.ts';
import { rowsAllowed } from '../monitor/rows-allowed.ts';
import { guarded } from './pool.ts';

/**
 * sample() of monitor/labels/sample.ts, where the windows are: the same digest, the same places (its first hex digits as a
 * whole number that a double holds exactly), the same cut. Entity by entity, because that is the order of the index, and a
 * day has many more windows than the span that is asked for.
 */
const OFFER = `
WITH quiet AS (
  SELECT v.entity, v.window_start_ms, v.window_ms,
    md5(v.stream || chr(31) || v.entity || chr(31) || v.window_start_ms || chr(31) || v.window_ms) AS digest
  FROM entity_status e CROSS JOIN LATERAL (
    SELECT * FROM verdicts w WHERE w.stream = $1 AND w.entity = e.entity AND w.window_start_ms >= $2
      AND w.window_start_ms < $3 AND w.severity <= 1 AND NOT w.probation OFFSET 0
  ) v
  WHERE e.stream = $1 AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.stream = v.stream AND i.entity = v.entity
      AND i.start_ms < v.window_start_ms + v.window_ms AND i.last_ms > v.window_start_ms)
), placed AS (
  SELECT *, ('x' || substr(digest, 1, ${PLACE_DIGITS}))::bit(${PLACE_DIGITS * 4})::bigint::float8 / 2::float8 ^ ${PLACE_DIGITS * 4} AS place
  FROM quiet
), chosen AS (
  SELECT *, row_number() OVER (ORDER BY place, digest) AS rank FROM placed WHERE place < $4::float8
  ORDER BY place, digest LIMIT ${MAX_OFFERS + 1}
), cut AS (
  SELECT coalesce(min(place) FILTER (WHERE rank > ${MAX_OFFERS}), $4::float8) AS probability FROM chosen
)
INSERT INTO label_offers (id, stream, entity, from_ms, to_ms, probability, offered_ms)
SELECT digest, $1, entity, window_start_ms, window_start_ms + window_ms, cut.probability, $5 FROM chosen, cut
WHERE rank <= ${MAX_OFFERS} ON CONFLICT DO NOTHING`;

const OFFERS = `
SELECT * FROM (
  SELECT o.*, (SELECT l.id FROM labels l WHERE l.stream = o.stream AND l.entity = o.entity AND l.from_ms = o.from_ms
    AND l.to_ms = o.to_ms ORDER BY l.created_ms DESC, l.number DESC LIMIT 1) AS label
  FROM label_offers o WHERE $1::text IS NULL OR o.stream = $1
) AS offers WHERE NOT $2 OR label IS NULL ORDER BY from_ms DESC, id LIMIT $3`;

/** OfferStore on PostgreSQL. Throws TidewatchError database_unavailable. */
export class PostgresOffers implements OfferStore {
  readonly #pool: Pick<pg.Pool, 'query'>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(pool: Pick<pg.Pool, 'query'>, clock: Pick<Clock, 'now'>) {
    this.#pool = pool;
    this.#clock = clock;
  }

  offer(stream: string, fromMs: number, toMs: number, probability: number): Promise<number> {
    return guarded(async () => {
      const values = [stream, Math.ceil(fromMs), Math.ceil(toMs), probability, this.#clock.now()];
      return (await this.#pool.query(OFFER, values)).rowCount ?? 0;
    });
  }

  offers(filter: { stream?: string; unanswered?: boolean; limit?: number }): Promise<LabelOffer[]> {
    type Row = Pick<LabelOffer, 'id' | 'stream' | 'entity' | 'probability' | 'label'> & {
      from_ms: number;
      to_ms: number;
      offered_ms: number;
    };
    return guarded(async () => {
      const { rows } = await this.#pool.query<Row>(OFFERS, [
        filter.stream ?? null,
        filter.unanswered ?? false,
        rowsAllowed(filter.limit, MAX_LABEL_ROWS),
      ]);
      return rows.map(({ from_ms, to_ms, offered_ms, ...row }) => ({
        ...row,
        fromMs: from_ms,
        toMs: to_ms,
        offeredMs: offered_ms,
      }));
    });
  }
}
