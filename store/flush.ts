import type { Clock } from '../core/clock.ts';
import { namesHash } from '../core/hash.ts';
import type { Verdict } from '../core/types.ts';
import type { Flushed } from '../ingest/ports.ts';
import { runCopy } from './copy.ts';
import { storable } from './encode.ts';
import { type SplitRow, StatusWriter } from './entity-status.ts';
import { MAX_ROWS_PER_STATEMENT, type Queryable, type Writer } from './fence.ts';
import { int4s, texts } from './pg-arrays.ts';
import { copyVerdicts, FENCED_STATE } from './verdict-copy.ts';
import { COUNT_CONFLICTS, INSERT_VERDICTS, verdictColumns } from './verdict-insert.ts';

export type { Queryable } from './fence.ts';
export { isNewer } from './write-incidents.ts';

const DAY_MS = 86_400_000;
/** From here on COPY and a status of its own cost less than one statement for both. */
const COPY_FROM_ROWS = 50;
/** An entity's newest window is known this late at most while verdicts come in masses; a checkpoint writes it too. */
const STATUS_EVERY_MS = 1_000;

const UNIQUE_VIOLATION = '23505';
const CHECK_VIOLATION = '23514';

const sqlState = (error: unknown): string => (error as { code?: string }).code ?? '';

/**
 * Writes verdicts of one stream; remembers which partitions and feature lists exist. New verdicts go in by COPY. Where
 * some are there already, as after a restart, COPY cannot say which: a slower statement does, until a whole batch is new.
 */
export class VerdictWriter {
  readonly #pool: Queryable;
  readonly #stream: string;
  readonly #clock: Clock;
  readonly #status: StatusWriter;
  readonly #days = new Set<number>();
  /** By the list itself: the fold hands the same array over for as long as the features are the same. */
  readonly #lists = new WeakMap<readonly string[], string>();
  readonly #stored = new Set<string>();
  #allNew = false;
  #statusAtMs = Number.NEGATIVE_INFINITY;

  constructor(pool: Queryable, stream: string, clock: Clock) {
    this.#pool = pool;
    this.#stream = storable(stream);
    this.#clock = clock;
    this.#status = new StatusWriter(pool, this.#stream);
  }

  async write(verdicts: readonly Verdict[], writer: Writer): Promise<Flushed | 'fenced'> {
    let divergent = 0;
    for (let at = 0; at < verdicts.length; at += MAX_ROWS_PER_STATEMENT) {
      const result = await this.#writeSome(verdicts.slice(at, at + MAX_ROWS_PER_STATEMENT), writer);
      if (result === 'fenced') return result;
      divergent += result;
    }
    return { divergent, ...this.#status.splits.take() };
  }

  /** Writes what `write` has put off: the newest windows of entities. */
  settle(writer: Writer): Promise<'written' | 'fenced'> {
    return this.#status.write(writer);
  }

  async #writeSome(verdicts: readonly Verdict[], writer: Writer): Promise<number | 'fenced'> {
    const featureIds = await this.#ensureFeatureLists(verdicts);
    await this.#ensurePartitions(verdicts);
    this.#status.add(verdicts);
    if (!this.#allNew || verdicts.length < COPY_FROM_ROWS) return this.#insert(verdicts, featureIds, writer);
    try {
      const copy = () => copyVerdicts(this.#stream, verdicts, featureIds, writer);
      await this.#withPartitions(verdicts, () => runCopy(this.#pool, copy()));
    } catch (error) {
      if (sqlState(error) === FENCED_STATE) return 'fenced';
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      this.#allNew = false;
      return this.#insert(verdicts, featureIds, writer);
    }
    if (this.#clock.elapsed() - this.#statusAtMs < STATUS_EVERY_MS) return 0;
    this.#statusAtMs = this.#clock.elapsed();
    return (await this.#status.write(writer)) === 'fenced' ? 'fenced' : 0;
  }

  async #insert(
    verdicts: readonly Verdict[],
    featureIds: readonly string[],
    { partition, epoch }: Writer,
  ): Promise<number | 'fenced'> {
    const columns = verdictColumns(verdicts, featureIds);
    const status = this.#status.batch();
    const values = [this.#stream, partition, epoch, ...status.values, ...columns.rows];
    type Row = { inserted: number; open: boolean; split: SplitRow[] | null };
    const statement = { name: 'tw_insert_verdicts', text: INSERT_VERDICTS, values };
    const outcome = await this.#withPartitions(verdicts, () => this.#pool.query<Row>(statement));
    const { inserted, open, split } = outcome.rows[0]!;
    if (!open) return 'fenced';
    this.#status.written(status);
    this.#status.noticed(split);
    this.#allNew = inserted === verdicts.length;
    if (this.#allNew) return 0;
    const result = await this.#pool.query<{ divergent: number; split: SplitRow[] | null }>({
      name: 'tw_count_conflicts',
      text: COUNT_CONFLICTS,
      values: [this.#stream, partition, ...columns.conflicts],
    });
    this.#status.noticed(result.rows[0]!.split);
    return result.rows[0]!.divergent;
  }

  /** Once more when retention dropped a partition after we had seen it. */
  async #withPartitions<T>(verdicts: readonly Verdict[], write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (sqlState(error) !== CHECK_VIOLATION) throw error;
      this.#days.clear();
      await this.#ensurePartitions(verdicts);
      return write();
    }
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
