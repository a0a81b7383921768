import { TidewatchError } from '../../core/errors.ts';
import type { Consumer } from '../kafka.ts';
import { kafkaFault } from './faults.ts';
import type { KafkaAdmin, PlacedRecord, ReadOptions } from './ports.ts';
import { Pulse } from './pulse.ts';
import { logRecord } from './records.ts';

/** Batches that wait for a slow reader; the consumer stands still meanwhile. */
const MAX_WAITING = 8;

interface Range {
  next: number;
  to: number;
}

/** Reads a topic up to where it ended when reading began; see KafkaClient.read. Nothing is committed. */
export async function* readTopic(
  consumer: Consumer,
  admin: KafkaAdmin,
  topic: string,
  options: ReadOptions = {},
): AsyncGenerator<PlacedRecord[]> {
  const ranges = await rangesOf(admin, topic, options);
  const left = () => [...ranges.values()].some(({ next, to }) => next < to);
  if (!left()) return;

  const waiting: PlacedRecord[][] = [];
  const changed = new Pulse();
  let failure: unknown = null;
  let ended = false;
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) failure = payload.error;
    changed.beat();
  });
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    // also for batches that hold nothing but control records
    const range = payload.topic === topic ? ranges.get(payload.partition) : undefined;
    if (range !== undefined) range.next = Math.max(range.next, Number(payload.lastOffset) + 1);
    changed.beat();
  });
  const abort = () => {
    ended = true;
    changed.beat();
  };
  options.signal?.addEventListener('abort', abort);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: async ({ batch, heartbeat, isStale, isRunning }) => {
        const range = ranges.get(batch.partition);
        if (range === undefined || isStale()) return;
        const records = batch.messages.map(logRecord).filter((r) => r.offset >= range.next && r.offset < range.to);
        if (records.length > 0) waiting.push(records.map((record) => ({ partition: batch.partition, record })));
        range.next = Math.max(range.next, Number(batch.lastOffset()) + 1);
        changed.beat();
        while (waiting.length > MAX_WAITING && isRunning() && !ended) {
          await changed.next();
          await heartbeat();
        }
      },
    });
    for (const [partition, { next }] of ranges) consumer.seek({ topic, partition, offset: String(next) });
    while (!ended && failure === null) {
      const batch = waiting.shift();
      if (batch !== undefined) {
        changed.beat();
        yield batch;
      } else if (left()) await changed.next();
      else break;
    }
    if (failure !== null) throw failure;
  } catch (cause) {
    const { code, detail } = kafkaFault(cause);
    throw new TidewatchError(code, detail, { cause });
  } finally {
    ended = true;
    changed.beat();
    options.signal?.removeEventListener('abort', abort);
    await consumer.disconnect();
  }
}

async function rangesOf(
  admin: KafkaAdmin,
  topic: string,
  { partitions, from, to }: ReadOptions,
): Promise<Map<number, Range>> {
  try {
    const offsets = await admin.offsets(topic);
    if (!offsets.ok) throw new TidewatchError(offsets.fault.code, `${topic}: ${offsets.fault.detail}`);
    const wanted = offsets.value.filter(({ partition }) => partitions?.includes(partition) ?? true);
    return new Map(
      wanted.map(({ partition, start, end }) => [
        partition,
        { next: Math.max(start, from?.get(partition) ?? start), to: Math.min(end, to?.get(partition) ?? end) },
      ]),
    );
  } finally {
    await admin.close();
  }
}
