import type { Clock } from '../../core/clock.ts';
import { type Fault, TidewatchError } from '../../core/errors.ts';
import type { KafkaProducer, OutgoingRecord } from '../../ingest/kafka/ports.ts';
import type { Sent } from './produce.ts';

export interface DeliveryOptions {
  topic: string;
  producer: Pick<KafkaProducer, 'send'>;
  clock: Clock;
  signal: AbortSignal;
  onAcknowledged: (position: number, sent: Sent) => Promise<void> | void;
  onNotice: (message: string) => void;
}

interface Batch {
  records: readonly OutgoingRecord[];
  bytes: number;
  /** Records of the recording that are sent once this batch is. */
  position: number;
}

/** Pauses while brokers are away. */
const RETRY_MS = [100, 250, 500, 1000, 2000, 5000];
/** A topic that was there may be unknown to a broker that has just started. */
const MAX_MISSING = 10;

/** Sends batches in their order, one under way, and waits for brokers that are away. */
export class Delivery {
  readonly #o: DeliveryOptions;
  readonly #sent: Sent = { records: 0, bytes: 0 };
  #underWay: Promise<boolean> = Promise.resolve(true);

  constructor(options: DeliveryOptions) {
    this.#o = options;
  }

  /** Resolves when the batch before is acknowledged and this one is on its way. Throws what that one failed with. */
  async begin(batch: Batch): Promise<void> {
    if (!(await this.#underWay)) return;
    this.#underWay = this.#deliver(batch);
    // whoever awaits it next is told
    this.#underWay.catch(() => undefined);
  }

  /** True when all was acknowledged. */
  end(): Promise<boolean> {
    return this.#underWay;
  }

  async #deliver({ records, bytes, position }: Batch): Promise<boolean> {
    if (!(await this.#send(records))) return false;
    this.#sent.records += records.length;
    this.#sent.bytes += bytes;
    await this.#o.onAcknowledged(position, this.#sent);
    return true;
  }

  /** False when the signal aborts before brokers acknowledged the records. */
  async #send(records: readonly OutgoingRecord[]): Promise<boolean> {
    const { producer, topic, clock, signal, onNotice } = this.#o;
    for (let attempt = 0; ; attempt++) {
      const result = await producer.send(topic, records);
      if (result.ok) {
        if (attempt > 0) onNotice('Kafka takes records again');
        return true;
      }
      const { fault } = result;
      if (fault.code === 'record_too_large') return this.#halved(records, fault);
      if (!passes(fault, attempt)) throw new TidewatchError(fault.code, fault.detail);
      if (signal.aborted) return false;
      if (attempt === 0) onNotice(`Kafka does not take records (${fault.code}); waiting`);
      await clock.sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!, signal);
      if (signal.aborted) return false;
    }
  }

  /** The brokers' limit is for batches, so smaller ones may pass; a record that is too large alone is left out. */
  async #halved(records: readonly OutgoingRecord[], fault: Fault): Promise<boolean> {
    if (records.length === 1) {
      this.#o.onNotice(`a record of ${records[0]!.value.length} bytes is left out: ${fault.detail}`);
      return true;
    }
    const half = records.length >> 1;
    return (await this.#send(records.slice(0, half))) && this.#send(records.slice(half));
  }
}

const passes = ({ code }: Fault, attempt: number): boolean =>
  code === 'broker_unavailable' || (code === 'topic_missing' && attempt < MAX_MISSING);
