import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import type { IntervalProfile } from '../core/types.ts';
import type { Observation } from '../monitor/observation.ts';
import type { LedgerEntry, MonitorHold, MonitorStore, RecordedInputs } from '../monitor/store.ts';
import type { MonitorState, Serving } from '../monitor/types.ts';
import { storable } from './encode.ts';
import { readDecision, readEvidence, readLedger } from './ledger.ts';
import { writeCommit } from './monitor-commit.ts';
import { guarded } from './pool.ts';
import { readRecorded } from './recorded-inputs.ts';
import { holdSessionLock } from './session-lock.ts';

/** 'moni' in ASCII: whoever decides on this database holds this advisory lock. */
const MONITOR_LOCK = 0x6d6f6e69;

/** What one question may bring into memory; whoever wants more asks for shorter spans. */
export const MAX_PROFILES = 20_000;
export const MAX_OBSERVATIONS = 10_000;
/** Bounds the bytes that one statement brings. */
const PROFILES_PER_PAGE = 200;
const OBSERVATIONS_PER_PAGE = 200;

const RAISE_FENCE = `
UPDATE monitor_hold SET fence = fence + 1, owner = $1, held_ms = $2 WHERE one = 1 RETURNING fence`;

const PROFILES = `
SELECT start_ms, partition, sequence, end_ms, model_id, bytes FROM interval_profiles
WHERE stream = $1 AND start_ms < $3 AND (start_ms, partition, sequence) > ($2, $4, $5)
ORDER BY start_ms, partition, sequence LIMIT ${PROFILES_PER_PAGE}`;

const OBSERVATIONS = `
SELECT at_ms, observation FROM observations WHERE stream = $1 AND at_ms >= $2 AND at_ms < $3 ORDER BY at_ms
LIMIT ${OBSERVATIONS_PER_PAGE}`;

const WATERMARKS = `
SELECT p.partition, g.watermark_ms FROM partition_state p
JOIN partition_generations g ON g.stream = p.stream AND g.partition = p.partition AND g.slot = p.slot
WHERE p.stream = $1 ORDER BY p.partition`;

const tooMany = (what: string, most: number): TidewatchError =>
  new TidewatchError('request_invalid', `the span has more than ${most} ${what}; ask for a shorter one`);

/**
 * MonitorStore on PostgreSQL. Every method throws TidewatchError database_unavailable when PostgreSQL is away; a commit may
 * have taken effect then, and repeating it says `known` if so.
 */
export class PostgresMonitorStore implements MonitorStore {
  readonly #pool: pg.Pool;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(pool: pg.Pool, clock: Pick<Clock, 'now'>) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Takes one connection of the pool for as long as it is held. */
  async hold(owner: string): Promise<MonitorHold | null> {
    const lock = await holdSessionLock(this.#pool, MONITOR_LOCK, '');
    if (!lock) return null;
    try {
      const raised = await guarded(() =>
        this.#pool.query<{ fence: number }>(RAISE_FENCE, [storable(owner), this.#clock.now()]),
      );
      const { fence } = raised.rows[0]!;
      return {
        lost: lock.lost,
        // without the lock somebody else may decide by now; the fence is for what was under way
        commit: async (commit) =>
          lock.lost.aborted ? 'fenced' : writeCommit(this.#pool, fence, commit, this.#clock.now()),
        release: () => lock.release(),
      };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Throws TidewatchError request_invalid beyond MAX_PROFILES. */
  profiles(stream: string, fromMs: number, toMs: number): Promise<IntervalProfile[]> {
    type Row = {
      start_ms: number;
      partition: number;
      sequence: number;
      end_ms: number;
      model_id: string;
      bytes: Buffer;
    };
    return guarded(async () => {
      const found: IntervalProfile[] = [];
      let after = [Math.ceil(fromMs), -1, -1];
      for (;;) {
        const { rows } = await this.#pool.query<Row>({
          name: 'tw_profiles',
          text: PROFILES,
          values: [stream, after[0], Math.ceil(toMs), after[1], after[2]],
        });
        for (const { start_ms, end_ms, model_id, bytes, partition, sequence } of rows)
          found.push({
            stream,
            partition,
            startMs: start_ms,
            endMs: end_ms,
            sequence,
            modelId: model_id,
            bytes: new Uint8Array(bytes),
          });
        if (rows.length < PROFILES_PER_PAGE) return found;
        if (found.length >= MAX_PROFILES) throw tooMany('profiles', MAX_PROFILES);
        const last = rows.at(-1)!;
        after = [last.start_ms, last.partition, last.sequence];
      }
    });
  }

  watermarks(stream: string): Promise<ReadonlyMap<number, number>> {
    return guarded(async () => {
      type Row = { partition: number; watermark_ms: number };
      const { rows } = await this.#pool.query<Row>(WATERMARKS, [stream]);
      return new Map(rows.map((row) => [row.partition, row.watermark_ms]));
    });
  }

  state(stream: string): Promise<MonitorState | null> {
    return guarded(async () => {
      type Row = { state: MonitorState };
      const { rows } = await this.#pool.query<Row>('SELECT state FROM monitor_states WHERE stream = $1', [stream]);
      return rows[0]?.state ?? null;
    });
  }

  serving(stream: string): Promise<Serving | null> {
    return readServing(this.#pool, stream);
  }

  /** Ends of grains in [fromMs, toMs), in order. Throws TidewatchError request_invalid beyond MAX_OBSERVATIONS. */
  observations(stream: string, fromMs: number, toMs: number): Promise<Observation[]> {
    return guarded(async () => {
      const found: Observation[] = [];
      let from = Math.ceil(fromMs);
      for (;;) {
        type Row = { at_ms: number; observation: Observation };
        const { rows } = await this.#pool.query<Row>(OBSERVATIONS, [stream, from, Math.ceil(toMs)]);
        for (const { observation } of rows) found.push(observation);
        if (rows.length < OBSERVATIONS_PER_PAGE) return found;
        if (found.length >= MAX_OBSERVATIONS) throw tooMany('observations', MAX_OBSERVATIONS);
        from = rows.at(-1)!.at_ms + 1;
      }
    });
  }

  /** Throws TidewatchError request_invalid beyond MAX_INPUTS. */
  recorded(stream: string, fromMs: number, toMs: number): Promise<RecordedInputs> {
    return guarded(() => readRecorded(this.#pool, stream, fromMs, toMs));
  }

  ledger(filter: { stream?: string; fromSeq?: number; toSeq?: number; limit?: number } = {}): Promise<LedgerEntry[]> {
    return guarded(() => readLedger(this.#pool, filter));
  }

  decision(id: string): Promise<LedgerEntry | null> {
    return guarded(() => readDecision(this.#pool, id));
  }

  evidence(sha256: string): Promise<Uint8Array | null> {
    return guarded(() => readEvidence(this.#pool, sha256));
  }
}

/** What ought to be in force in a stream; null while no monitor has said anything. Throws database_unavailable. */
export function readServing(pool: Pick<pg.Pool, 'query'>, stream: string): Promise<Serving | null> {
  return guarded(async () => {
    const { rows } = await pool.query<{ serving: Serving }>('SELECT serving FROM serving WHERE stream = $1', [stream]);
    return rows[0]?.serving ?? null;
  });
}
