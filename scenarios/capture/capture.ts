import { TidewatchError } from '../../core/errors.ts';
import type { ControlEntry } from '../../core/types.ts';
import type { KafkaClient, OffsetRange } from '../../ingest/kafka/ports.ts';
import type { ModelStore } from '../../ingest/ports.ts';
import type { RecordingHeader } from '../../ingest/recording.ts';
import { type CapturedPartition, PartitionCapture } from './partition-capture.ts';

export interface CaptureOptions {
  kafka: Pick<KafkaClient, 'read'>;
  topic: string;
  /** What to capture, one recording each. */
  ranges: readonly OffsetRange[];
  fileOf: (partition: number) => string;
  header: Pick<RecordingHeader, 'stream' | 'createdBy'>;
  /** Control entries of a partition, all of them; null: recordings without, that train for themselves when replayed. */
  controls: ((partition: number) => Promise<ControlEntry[]>) | null;
  models: Pick<ModelStore, 'get'>;
  signal: AbortSignal;
  onProgress?: (records: number, bytes: number) => void;
  onNotice?: (message: string) => void;
}

/**
 * Captures partitions of a topic into recordings; none is left unless it is whole. Returns null when the signal
 * aborts. Throws broker_unavailable, broker_refused, topic_missing, database_unavailable, disk_full.
 */
export async function capture(options: CaptureOptions): Promise<CapturedPartition[] | null> {
  const { ranges, fileOf, header, models, signal, onNotice = () => undefined } = options;
  const open = new Map<number, PartitionCapture>();
  try {
    for (const { partition, start, end } of ranges) {
      const controls = options.controls === null ? null : await options.controls(partition);
      const file = fileOf(partition);
      const made = new PartitionCapture({ file, header, from: start, to: end, controls, models, onNotice });
      open.set(partition, made);
    }
    await copyRecords(options, open);
    if (signal.aborted) return null;
    const done: CapturedPartition[] = [];
    for (const [partition, one] of open) {
      done.push(await one.finish());
      open.delete(partition);
    }
    return done;
  } finally {
    for (const one of open.values()) await one.abandon();
  }
}

async function copyRecords(options: CaptureOptions, open: ReadonlyMap<number, PartitionCapture>): Promise<void> {
  const { kafka, topic, signal, onProgress } = options;
  const ranges = options.ranges.filter(({ start, end }) => end > start);
  if (ranges.length === 0) return;
  const bounds = (of: 'start' | 'end') => new Map(ranges.map((range) => [range.partition, range[of]]));
  const partitions = ranges.map(({ partition }) => partition);
  const [from, to] = [bounds('start'), bounds('end')];
  let records = 0;
  let bytes = 0;
  for await (const batch of kafka.read(topic, { partitions, from, to, signal })) {
    for (const { partition, record } of batch) {
      const one = open.get(partition);
      if (one === undefined)
        throw new TidewatchError('internal', `a record of partition ${partition} was not asked for`);
      await one.record(record);
      records++;
      bytes += record.value.length;
    }
    onProgress?.(records, bytes);
    if (signal.aborted) return;
  }
}
