import type pg from 'pg';
import { TidewatchError } from '../core/errors.ts';
import type { Incident } from '../core/types.ts';
import type { TrainingRow } from '../detector/ports.ts';
import type { Label, ScoredWindow, TrainingData } from '../monitor/controller/ports.ts';
import { MAX_LABEL_ROWS } from '../monitor/labels/ports.ts';
import { readAttributions } from './encode.ts';
import { FeatureLists } from './feature-lists.ts';
import { PostgresLabels } from './labels.ts';
import { guarded } from './pool.ts';

/** In memory at once, however long the span is. */
const ROWS_PER_PAGE = 1_000;
const SCORES_PER_PAGE = 5_000;
/** Incidents of a span, which all are in memory at once. */
export const MAX_INCIDENTS = 50_000;

/** A page goes on behind the last window of the one before; each day's table has an index in this order. */
const NEXT = `stream = $1 AND window_start_ms >= $2 AND window_start_ms < $3
  AND (entity, window_start_ms, window_ms, schema_version) > ($4, $5, $6, $7)`;
const ORDER = 'ORDER BY entity, window_start_ms, window_ms, schema_version';

const ROWS = `
SELECT entity, window_start_ms, window_ms, schema_version, features_id, vals FROM verdicts
WHERE ${NEXT} ${ORDER} LIMIT ${ROWS_PER_PAGE}`;

const SCORES = `
SELECT entity, window_start_ms, window_ms, schema_version, score, p_value, severity FROM verdicts
WHERE ${NEXT} AND model_id = $8 AND source = 'forest' AND NOT probation ${ORDER} LIMIT ${SCORES_PER_PAGE}`;

const INCIDENTS = `
SELECT id, stream, entity, kind, start_ms, last_ms, resolved_ms, peak_severity, windows, attributions, summary
FROM incidents WHERE stream = $1 AND start_ms < $3 AND last_ms >= $2 ORDER BY start_ms, id LIMIT ${MAX_INCIDENTS + 1}`;

interface Window {
  entity: string;
  window_start_ms: number;
  window_ms: number;
  schema_version: number;
}

/** TrainingData on PostgreSQL, page by page. Throws TidewatchError database_unavailable. */
export class PostgresTrainingData implements TrainingData {
  readonly #pool: Pick<pg.Pool, 'query'>;
  readonly #labels: Pick<PostgresLabels, 'list'>;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.#labels = new PostgresLabels(pool);
  }

  async *#pages<R extends Window>(sql: string, pageRows: number, span: unknown[], rest: unknown[] = []) {
    let after: unknown[] = ['', -1, -1, -1];
    for (;;) {
      const { rows } = await guarded(() => this.#pool.query<R>(sql, [...span, ...after, ...rest]));
      yield rows;
      if (rows.length < pageRows) return;
      const last = rows.at(-1)!;
      after = [last.entity, last.window_start_ms, last.window_ms, last.schema_version];
    }
  }

  async *rows(stream: string, fromMs: number, toMs: number): AsyncGenerator<TrainingRow> {
    const lists = new FeatureLists(this.#pool);
    type Row = Window & { features_id: string; vals: number[] };
    const span = [stream, Math.ceil(fromMs), Math.ceil(toMs)];
    for await (const page of this.#pages<Row>(ROWS, ROWS_PER_PAGE, span)) {
      await guarded(() => lists.learn(page.map((row) => row.features_id)));
      for (const { entity, window_start_ms, features_id, vals } of page)
        yield {
          entity,
          windowStartMs: window_start_ms,
          features: lists.of(features_id),
          values: Float64Array.from(vals),
        };
    }
  }

  /** Those that touch [fromMs, toMs), oldest first. Throws request_invalid beyond MAX_INCIDENTS. */
  incidents(stream: string, fromMs: number, toMs: number): Promise<Incident[]> {
    type Row = {
      id: string;
      stream: string;
      entity: string;
      kind: Incident['kind'];
      start_ms: number;
      last_ms: number;
      resolved_ms: number | null;
      peak_severity: number;
      windows: number;
      attributions: unknown;
      summary: string;
    };
    return guarded(async () => {
      const { rows } = await this.#pool.query<Row>(INCIDENTS, [stream, Math.ceil(fromMs), Math.ceil(toMs)]);
      if (rows.length > MAX_INCIDENTS)
        throw new TidewatchError('request_invalid', `the span has more than ${MAX_INCIDENTS} incidents`);
      return rows.map(({ start_ms, last_ms, resolved_ms, peak_severity, attributions, ...row }) => ({
        ...row,
        startMs: start_ms,
        lastMs: last_ms,
        resolvedMs: resolved_ms,
        peakSeverity: peak_severity,
        attributions: readAttributions(attributions),
      }));
    });
  }

  labels(stream: string, fromMs: number, toMs: number): Promise<Label[]> {
    return this.#labels.list({ stream, fromMs, toMs, limit: MAX_LABEL_ROWS });
  }

  async *scores(stream: string, modelId: string, fromMs: number, toMs: number): AsyncGenerator<ScoredWindow> {
    type Row = Window & { score: number; p_value: number; severity: number };
    const span = [stream, Math.ceil(fromMs), Math.ceil(toMs)];
    for await (const page of this.#pages<Row>(SCORES, SCORES_PER_PAGE, span, [modelId]))
      for (const { entity, window_start_ms, score, p_value, severity } of page)
        yield { entity, windowStartMs: window_start_ms, score, pValue: p_value, severity };
  }
}
