import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { sha256Hex } from '../core/hash.ts';
import type { ControlChange, ControlEntry } from '../core/types.ts';
import type { Checkpoint, Claim, Flushed, Outputs, PartitionStore } from '../ingest/ports.ts';
import { jsonText, storable } from './encode.ts';
import type { Queryable } from './fence.ts';
import { VerdictWriter } from './flush.ts';
import type { StoreLogger } from './logger.ts';
import { databaseError, guarded } from './pool.ts';
import { writeProfiles } from './profiles.ts';
import { writeDeadLetters } from './write-dead-letters.ts';
import { writeIncidents } from './write-incidents.ts';

export interface PartitionStoreOptions {
  stream: string;
  partition: number;
  clock: Clock;
  log: StoreLogger;
  /** The Kafka topic that the records come from; dead letters name it. */
  topic?: string;
}

const CLAIM = `
INSERT INTO partition_state AS p (stream, partition, epoch, owner, claimed_ms) VALUES ($1, $2, 1, $3, $4)
ON CONFLICT (stream, partition) DO UPDATE SET epoch = p.epoch + 1, owner = excluded.owner, claimed_ms = excluded.claimed_ms
RETURNING epoch, offset_next, slot, control_last`;

const GENERATION = `
SELECT state, sha256, offset_next FROM partition_generations WHERE stream = $1 AND partition = $2 AND slot = $3`;

const GO_BACK = `
UPDATE partition_state SET offset_next = $4, slot = $5 WHERE stream = $1 AND partition = $2 AND epoch = $3`;

/** Position and state change together or not at all, and only for the owner that knows the position. */
const CHECKPOINT = `
WITH guard AS (
  UPDATE partition_state SET offset_next = $5, slot = CASE WHEN slot = 0 THEN 1 ELSE 0 END
  WHERE stream = $1 AND partition = $2 AND epoch = $3 AND offset_next = $4 RETURNING slot
)
INSERT INTO partition_generations
  (stream, partition, slot, epoch, offset_next, state, sha256, watermark_ms, control_sequence, counters, checkpointed_ms)
SELECT $1, $2, guard.slot, $3, $5, $6::bytea, $7, $8::float8, $9::int8, $10::jsonb, $11::int8 FROM guard
ON CONFLICT (stream, partition, slot) DO UPDATE SET epoch = excluded.epoch, offset_next = excluded.offset_next,
  state = excluded.state, sha256 = excluded.sha256, watermark_ms = excluded.watermark_ms,
  control_sequence = excluded.control_sequence, counters = excluded.counters, checkpointed_ms = excluded.checkpointed_ms`;

const POSITION = `
SELECT p.epoch, p.offset_next, p.control_last, g.sha256 FROM partition_state p
LEFT JOIN partition_generations g ON g.stream = p.stream AND g.partition = p.partition AND g.slot = p.slot
WHERE p.stream = $1 AND p.partition = $2`;

const APPEND_CONTROL = `
WITH guard AS (
  UPDATE partition_state SET control_last = $4 WHERE stream = $1 AND partition = $2 AND epoch = $3 AND control_last = $4 - 1
  RETURNING control_last
)
INSERT INTO control_entries (stream, partition, sequence, at_offset, epoch, change, appended_ms)
SELECT $1, $2, guard.control_last, $5, $3, $6::jsonb, $7 FROM guard`;

const CONTROL_ENTRIES = `
SELECT sequence, at_offset, change FROM control_entries WHERE stream = $1 AND partition = $2 AND sequence > $3 ORDER BY sequence`;

const RECORD_LOSS = `
INSERT INTO lost_ranges (stream, partition, from_offset, to_offset, reason, noticed_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (stream, partition, from_offset) DO UPDATE SET to_offset = greatest(lost_ranges.to_offset, excluded.to_offset)`;

interface Position {
  epoch: number;
  offset_next: number;
  control_last: number;
  sha256: string | null;
}

/** An answer lost this often in a row is an outage, for the caller to wait out. */
const MAX_ATTEMPTS = 3;

/**
 * PartitionStore on PostgreSQL. When PostgreSQL is away a call throws TidewatchError database_unavailable and may have
 * taken effect: repeat the same call with the same arguments (all are idempotent then), or claim again.
 */
export class PostgresPartitionStore implements PartitionStore {
  readonly #pool: Queryable;
  readonly #stream: string;
  readonly #partition: number;
  readonly #clock: Clock;
  readonly #log: StoreLogger;
  readonly #topic: string | null;
  readonly #verdicts: VerdictWriter;
  #controlLast = 0;
  #appending: Promise<unknown> = Promise.resolve();

  constructor(pool: Queryable, options: PartitionStoreOptions) {
    this.#pool = pool;
    this.#stream = storable(options.stream);
    this.#partition = options.partition;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#topic = options.topic ?? null;
    this.#verdicts = new VerdictWriter(pool, options.stream, options.clock);
  }

  #query<R extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<pg.QueryResult<R>> {
    return this.#pool.query<R>({ name: `tw_${name}`, text, values: [this.#stream, this.#partition, ...values] });
  }

  claim(owner: string): Promise<Claim> {
    return guarded(async () => {
      type Row = { epoch: number; offset_next: number; slot: number | null; control_last: number };
      const claimed = await this.#query<Row>('claim', CLAIM, [storable(owner), this.#clock.now()]);
      const row = claimed.rows[0]!;
      this.#controlLast = row.control_last;
      const { epoch } = row;
      if (row.slot === null) return { epoch, offsetNext: 0, state: null };
      const newest = await this.#generation(row.slot);
      if (newest?.whole) return { epoch, offsetNext: newest.offsetNext, state: newest.state };

      const slot = 1 - row.slot;
      const older = await this.#generation(slot);
      const where = { stream: this.#stream, partition: this.#partition, offsetNext: row.offset_next };
      if (older?.whole) {
        this.#log.error({ ...where, from: older.offsetNext }, 'state_corrupt: going on from the generation before');
        await this.#query('go_back', GO_BACK, [epoch, older.offsetNext, slot]);
        return { epoch, offsetNext: older.offsetNext, state: older.state, recovered: 'older_generation' };
      }
      this.#log.error(where, 'state_corrupt: both generations are damaged, the log is replayed from its start');
      await this.#query('go_back', GO_BACK, [epoch, 0, null]);
      return { epoch, offsetNext: 0, state: null, recovered: 'log_start' };
    });
  }

  async #generation(slot: number): Promise<{ state: Uint8Array; offsetNext: number; whole: boolean } | null> {
    type Row = { state: Buffer; sha256: string; offset_next: number };
    const row = (await this.#query<Row>('generation', GENERATION, [slot])).rows[0];
    if (!row) return null;
    return { state: row.state, offsetNext: row.offset_next, whole: sha256Hex(row.state) === row.sha256 };
  }

  controlEntries(after: number): Promise<ControlEntry[]> {
    return guarded(async () => {
      type Row = { sequence: number; at_offset: number; change: ControlChange };
      const { rows } = await this.#query<Row>('control_entries', CONTROL_ENTRIES, [after]);
      return rows.map((row) => ({ offset: row.at_offset, sequence: row.sequence, ...row.change }));
    });
  }

  appendControl(epoch: number, offset: number, change: ControlChange): Promise<ControlEntry | 'fenced'> {
    // one after the other: each must know the sequence of the one before
    const mine = this.#appending.then(() => guarded(() => this.#append(epoch, offset, change)));
    this.#appending = mine.catch(() => undefined);
    return mine;
  }

  async #append(epoch: number, offset: number, change: ControlChange): Promise<ControlEntry | 'fenced'> {
    const sequence = this.#controlLast + 1;
    const entry = { offset, sequence, ...change };
    const committed = (): ControlEntry => {
      this.#controlLast = sequence;
      return entry;
    };
    let failure: unknown = null;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      try {
        const values = [epoch, sequence, offset, jsonText(change), this.#clock.now()];
        if ((await this.#query('append_control', APPEND_CONTROL, values)).rowCount === 1) return committed();
      } catch (error) {
        failure = unavailable(error);
      }
      const position = await this.#position();
      if (position?.epoch !== epoch) return 'fenced';
      if (position.control_last < sequence) continue;
      const [stored] = await this.controlEntries(sequence - 1);
      if (stored && position.control_last === sequence && sameJson(stored, entry)) return committed();
      throw new Error(`control entry ${sequence} exists and is another; the partition must be claimed again`);
    }
    throw failure;
  }

  flush(outputs: Outputs, epoch?: number): Promise<Flushed | 'fenced'> {
    return guarded(async () => {
      const writer = { partition: this.#partition, epoch: epoch ?? null };
      const received = { atMs: this.#clock.now(), topic: this.#topic };
      await writeDeadLetters(this.#pool, this.#stream, outputs.deadLetters, received, writer);
      const result = await this.#verdicts.write(outputs.verdicts, writer);
      if (result === 'fenced') return result;
      await writeIncidents(this.#pool, this.#stream, outputs.incidents, writer);
      const profiles = await writeProfiles(this.#pool, this.#stream, outputs.profiles, writer);
      if (profiles === 'fenced') return profiles;
      const where = { stream: this.#stream, partition: this.#partition };
      if (result.divergent > 0)
        this.#log.error({ ...where, divergent: result.divergent }, 'verdicts differ on a repeat');
      if (profiles.divergent + profiles.tooLarge > 0)
        this.#log.error(
          { ...where, ...profiles },
          'interval profiles differ on a repeat or are too large, and were left out',
        );
      return { ...result, divergent: result.divergent + profiles.divergent };
    });
  }

  checkpoint(checkpoint: Checkpoint): Promise<'committed' | 'fenced'> {
    return guarded(async () => {
      const { epoch, offsetPrevious, offsetNext, state } = checkpoint;
      const sha256 = sha256Hex(state);
      const bytes = Buffer.from(state.buffer, state.byteOffset, state.byteLength);
      const { watermarkMs, controlSequence } = checkpoint;
      const values = [epoch, offsetPrevious, offsetNext, bytes, sha256, watermarkMs, controlSequence];
      values.push(jsonText(checkpoint.counters), this.#clock.now());
      // what a flush has put off is durable before the checkpoint that covers it
      if ((await this.#verdicts.settle({ partition: this.#partition, epoch })) === 'fenced') return 'fenced';
      let failure: unknown = null;
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        try {
          if ((await this.#query('checkpoint', CHECKPOINT, values)).rowCount === 1) return 'committed';
        } catch (error) {
          failure = unavailable(error);
        }
        // refused, or the answer was lost: the row knows
        const position = await this.#position();
        if (position?.epoch !== epoch) return 'fenced';
        if (position.offset_next === offsetNext && position.sha256 === sha256) return 'committed';
        if (position.offset_next !== offsetPrevious)
          throw new Error(
            `the partition stands at offset ${position.offset_next}, neither ${offsetPrevious} nor ${offsetNext}`,
          );
      }
      throw failure;
    });
  }

  async #position(): Promise<Position | undefined> {
    return (await this.#query<Position>('position', POSITION, [])).rows[0];
  }

  /** Records [fromOffset, toOffset) that the log no longer had when they were due. */
  recordLoss(fromOffset: number, toOffset: number, reason: string): Promise<void> {
    return guarded(async () => {
      await this.#query('record_loss', RECORD_LOSS, [fromOffset, toOffset, storable(reason), this.#clock.now()]);
    });
  }
}

/** The error if its outcome is unknown; what is no outage is thrown. */
function unavailable(error: unknown): TidewatchError {
  const translated = databaseError(error);
  if (translated instanceof TidewatchError && translated.code === 'database_unavailable') return translated;
  throw translated;
}

/** jsonb does not keep the order of keys. */
function sameJson(a: object, b: object): boolean {
  const sorted = (value: object) => JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}
