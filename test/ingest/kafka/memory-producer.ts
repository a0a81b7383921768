import { fail, ok, type Result } from '../../../core/errors.ts';
import type { KafkaProducer, OutgoingRecord, Placed } from '../../../ingest/kafka/ports.ts';

/** A topic in memory with a broker's limit for a batch; `down` makes the next sends fail. */
export class MemoryProducer implements KafkaProducer {
  readonly records: { topic: string; record: OutgoingRecord }[] = [];
  readonly batches: number[] = [];
  maxBytes = Number.POSITIVE_INFINITY;
  /** The next sends fail; 'answer': after they were written. */
  down: ('request' | 'answer')[] = [];
  missing = false;

  send(topic: string, records: readonly OutgoingRecord[]): Promise<Result<readonly Placed[]>> {
    const down = this.down.shift();
    if (down === 'request') return Promise.resolve(fail('broker_unavailable', 'away'));
    if (this.missing) return Promise.resolve(fail('topic_missing', topic));
    const bytes = records.reduce((sum, { value, key }) => sum + value.length + (key?.length ?? 0), 0);
    if (bytes > this.maxBytes) return Promise.resolve(fail('record_too_large', `${bytes} bytes`));
    const firstOffset = this.records.length;
    this.batches.push(records.length);
    for (const record of records) this.records.push({ topic, record });
    if (down === 'answer') return Promise.resolve(fail('broker_unavailable', 'no answer'));
    return Promise.resolve(ok([{ partition: records[0]?.partition ?? 0, firstOffset }]));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
