import type { StreamConfig } from '../../../core/config/stream.ts';
import type { OffsetRange } from '../../../ingest/kafka/ports.ts';
import type { PartitionStatus } from '../../../monitor/ports.ts';
import { bad, type Check, type CheckResult, ok, summed, warn } from '../check.ts';
import { type KafkaFacts, told, withoutKafka, withoutTables } from './facts.ts';

/** Of the retention: when what waits is as old as this, somebody has the other half to act in. */
const HALF = 0.5;
/** A worker that is well checkpoints every second. */
const SILENT_MS = 60_000;

/** How far a stream is read, by PostgreSQL, against what Kafka still has. */
export const progressCheck = (facts: KafkaFacts, stream: StreamConfig): Check => ({
  name: `progress of ${stream.name}`,
  async run({ nowMs }) {
    const none = (await withoutKafka(facts)) ?? (await withoutTables(facts));
    if (none !== null) return none;
    const [ranges, all] = [await facts.ranges(stream.topic), await facts.checkpoints()];
    if (!ranges.ok) return { status: 'skip', found: `not looked at: ${told(ranges.fault)}` };
    if (!all.ok) return bad(told(all.fault), 'Give this login the role tidewatch_worker or tidewatch_monitor.');
    const own = all.value.filter((p) => p.stream === stream.name);
    if (own.length === 0) return ok('nothing was read yet');
    const byPartition = new Map(ranges.value.map((range) => [range.partition, range]));
    const placed = own.flatMap((status) => position(status, byPartition.get(status.partition)));
    const waiting = own.flatMap((status) => {
      const range = byPartition.get(status.partition);
      return range && status.offsetNext >= range.start && status.offsetNext < range.end ? [{ status, range }] : [];
    });
    const records = waiting.reduce((sum, { status, range }) => sum + range.end - status.offsetNext, 0);
    const read = ok(`${own.length} of ${byPartition.size} partitions read, ${records} records wait`);
    return summed([read, ...placed, ...(await lag(facts, stream, waiting, nowMs))]);
  },
});

function position({ partition, offsetNext }: PartitionStatus, range: OffsetRange | undefined): CheckResult[] {
  const where = `partition ${partition} is read up to offset ${offsetNext}`;
  if (range === undefined)
    return [
      bad(
        `${where}, and the topic has no such partition`,
        'The topic was made anew with fewer partitions: restore it, or go on under a new stream name.',
      ),
    ];
  if (offsetNext < range.start)
    return [
      bad(
        `${where}, and Kafka has removed all before ${range.start}: ${range.start - offsetNext} records are lost`,
        'Raise retention.ms of the topic above the longest time without workers. What is gone is counted as lost when a worker next claims the partition.',
      ),
    ];
  if (offsetNext > range.end)
    return [
      bad(
        `log_truncated: ${where}, and it ends at ${range.end}`,
        'The topic was made anew or lost its end. Restore it, or go on under a new stream name.',
      ),
    ];
  return [];
}

type Waiting = readonly { status: PartitionStatus; range: OffsetRange }[];

/** By append time: whether what waits will soon be removed unread, and whether anybody reads at all. */
async function lag(facts: KafkaFacts, stream: StreamConfig, waiting: Waiting, nowMs: number): Promise<CheckResult[]> {
  if (waiting.length === 0) return [];
  const out: CheckResult[] = [];
  const topic = await facts.topic(stream.topic);
  const retentionMs = Number((topic.ok && topic.value?.details?.config['retention.ms']) || Number.NaN);
  if (retentionMs > 0) {
    const half = await facts.offsetsAt(stream.topic, Math.floor(nowMs - retentionMs * HALF));
    const old = waiting.filter(({ status }) => half.ok && (half.value.get(status.partition) ?? 0) > status.offsetNext);
    if (old.length > 0)
      out.push(
        warn(
          `partitions ${old.map(({ status }) => status.partition).join(', ')}: records wait for longer than half of the retention (${hours(retentionMs)})`,
          'Start workers soon, or raise retention.ms of the topic: what is removed unread is lost.',
        ),
      );
  }
  const group = await facts.group();
  const silent = waiting.filter(({ status }) => nowMs - status.checkpointedMs > SILENT_MS);
  if (group.ok && group.value.state === 'Stable' && silent.length > 0)
    out.push(
      bad(
        `partitions ${silent.map(({ status }) => status.partition).join(', ')} have records to read and no checkpoint for ${SILENT_MS / 1000} s`,
        'Look at the log of the worker that owns them; start it anew.',
      ),
    );
  return out;
}

const hours = (ms: number): string =>
  ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
