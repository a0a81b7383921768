import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { KafkaProducer, OutgoingRecord } from '../../ingest/kafka/ports.ts';
import type { LogRecord } from '../../ingest/ports.ts';
import { Delivery } from './delivery.ts';
import type { Outgoing } from './outgoing.ts';
import { MAX_SPEED, type Pace } from './pace.ts';

export interface ProduceOptions {
  topic: string;
  producer: Pick<KafkaProducer, 'send'>;
  clock: Clock;
  pace: Pace;
  outgoing: Outgoing;
  /** Opens the records of one round, from the first on, in runs. */
  open: () => Promise<AsyncIterable<LogRecord[]>>;
  rounds: number;
  /** How much later than the one before a round is due, and how much later its events are said to happen. */
  roundPaceMs: number;
  roundShiftMs: number;
  /** Records, counted over all rounds, that an interrupted run has already sent. */
  skip: number;
  signal: AbortSignal;
  /** Called after each acknowledged batch: all records below `position` are in the topic. */
  onAcknowledged: (position: number, sent: Sent) => Promise<void> | void;
  onNotice: (message: string) => void;
}

/** By this run. */
export interface Sent {
  records: number;
  bytes: number;
}

/** Sent at once: large enough to be quick, within what brokers take by default. */
const BATCH_BYTES = 512 << 10;
/** kafkajs' time to group the records of a send by partition grows with the square of their number. */
const BATCH_RECORDS = 2_500;
/** What a record costs beside its key and value, about. */
const RECORD_BYTES = 16;

/**
 * Sends a recording to a topic, one batch under way while the next one is read. A batch that brokers do not acknowledge
 * is sent again, which may double its records; points have identities, so a worker counts those as duplicates.
 * True when all was sent, false when the signal has aborted.
 */
export async function produce(options: ProduceOptions): Promise<boolean> {
  const { pace, outgoing, signal, clock, skip } = options;
  const unpaced = pace.speed === MAX_SPEED;
  const delivery = new Delivery(options);
  let batch: OutgoingRecord[] = [];
  let bytes = 0;
  let position = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await delivery.begin({ records: batch, bytes, position });
    batch = [];
    bytes = 0;
  };
  const due = async (ms: number): Promise<void> => {
    if (pace.waitMs(ms) <= 0) return;
    await flush();
    for (let waitMs = pace.waitMs(ms); waitMs > 0 && !signal.aborted; waitMs = pace.waitMs(ms))
      await clock.sleep(waitMs, signal);
  };
  /** False once the signal has aborted. */
  const sendRun = async (run: readonly LogRecord[], round: number): Promise<boolean> => {
    const before = Math.min(run.length, Math.max(0, skip - position));
    position += before;
    for (let i = before; i < run.length; i++) {
      const record = run[i]!;
      if (!unpaced) await due(record.appendMs + round * options.roundPaceMs);
      if (signal.aborted) return false;
      for (const made of outgoing.of(record, round * options.roundShiftMs)) {
        batch.push(made);
        bytes += made.value.length + (made.key?.length ?? 0) + RECORD_BYTES;
      }
      position++;
      if (bytes >= BATCH_BYTES || batch.length >= BATCH_RECORDS) await flush();
    }
    return !signal.aborted;
  };
  for (let round = 0; round < options.rounds && !signal.aborted; round++)
    for await (const run of await options.open()) if (!(await sendRun(run, round))) break;
  if (position < skip && !signal.aborted)
    throw new TidewatchError('request_invalid', `the recordings have ${position} records, ${skip} were sent before`);
  if (!signal.aborted) await flush();
  return (await delivery.end()) && !signal.aborted;
}
