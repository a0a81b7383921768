import type { StreamConfig } from '../../../core/config/stream.ts';
import { readLost } from '../../../store/server-facts.ts';
import { readSplitEntities } from '../../../store/split-entities.ts';
import { type Check, ok, skip, warn } from '../check.ts';
import { type KafkaFacts, withoutTables } from './facts.ts';

const DAY_MS = 86_400_000;
const LOST_DAYS = 7;
const EXAMPLES = 3;

/** Entities whose records lie in several partitions: each half of a window is judged as if it were the whole. */
export const splitCheck = (facts: KafkaFacts): Check => ({
  name: 'keys of records',
  async run() {
    const none = await withoutTables(facts);
    const streams = facts.streams;
    if (none !== null || !streams.ok) return none ?? skip('not looked at: no streams to read');
    const split = await facts.query(readSplitEntities);
    if (!split.ok) return skip('not looked at: our login may not read entity_status');
    const own = split.value.flatMap((s) =>
      streams.value.filter(({ name }) => name === s.stream).map((stream) => ({ s, stream })),
    );
    if (own.length === 0) return ok('no entity was seen on several partitions within a day');
    return own.map(({ s, stream }) => {
      const examples = s.examples
        .slice(0, EXAMPLES)
        .map(({ entity, partitions }) => `${entity} on ${partitions.join(' and ')}`);
      const { count } = s;
      return warn(
        `${stream.name}: ${count} ${count === 1 ? 'entity' : 'entities'} on several partitions (${examples.join('; ')}): each has half of its points`,
        keysRemedy(stream),
      );
    });
  },
});

/** Option names of the OpenTelemetry Collector's Kafka exporter. */
function keysRemedy({ encoding }: StreamConfig): string {
  if (encoding === 'otlp_proto' || encoding === 'otlp_json')
    return "In the OpenTelemetry Collector's Kafka exporter set partition_metrics_by_resource_attributes: true (for logs partition_logs_by_resource_attributes: true).";
  if (encoding === 'telegraf_json' || encoding === 'influx')
    return 'Have the sender key each record by its entity: in Telegraf\'s Kafka output, routing_tag = "host" or the tag that names the entity.';
  return 'Have the sender key each record by its entity; `tidewatch produce` does so by itself.';
}

/** Records that retention or a damaged state took away before they were folded. */
export const lostCheck = (facts: KafkaFacts): Check => ({
  name: 'lost records',
  async run({ nowMs }) {
    const none = await withoutTables(facts);
    if (none !== null) return none;
    const lost = await facts.query((pool) => readLost(pool, nowMs - LOST_DAYS * DAY_MS));
    if (!lost.ok) return skip('not looked at: our login may not read lost_ranges');
    if (lost.value.length === 0) return ok(`none noticed in ${LOST_DAYS} days`);
    return lost.value.map(({ stream, records, lastNoticedMs, reasons }) =>
      warn(
        `${stream}: ${records} records were never judged (${reasons.join(', ')}), last noticed ${new Date(lastNoticedMs).toISOString()}`,
        'Raise retention.ms of the topic above the longest time without workers; the table lost_ranges says which they were.',
      ),
    );
  },
});
