import type { StreamConfig } from '../../../core/config/stream.ts';
import { readServerFacts } from '../../../store/server-facts.ts';
import { bad, type Check, type CheckResult, ok, skip, summed, warn } from '../check.ts';
import type { KafkaFacts } from './facts.ts';

const TOLERATED_MS = 1_000;

/** Clocks of the servers against ours. Event times are judged by Kafka's, retention and claims are told by PostgreSQL's and ours. */
export const timesCheck = (facts: KafkaFacts): Check => ({
  name: 'time difference',
  async run() {
    const out: CheckResult[] = [];
    const streams = facts.streams;
    const maxSkewMs = Math.min(...(streams.ok ? streams.value.map((s) => s.window.maxSkewMs) : [60_000]));
    const server = await facts.server();
    if (server.ok) out.push(...(await ofPostgres(facts, maxSkewMs)));
    if (streams.ok && (await facts.cluster()).ok)
      for (const stream of streams.value) out.push(...(await ofKafka(facts, stream)));
    return out.length === 0 ? skip('not looked at: neither Kafka nor PostgreSQL lets us in') : summed(out);
  },
});

async function ofPostgres(facts: KafkaFacts, maxSkewMs: number): Promise<CheckResult[]> {
  const before = facts.clock.now();
  // on a connection that is there already: the answer takes one round trip
  const answer = await facts.query(readServerFacts);
  if (!answer.ok) return [];
  const tookMs = facts.clock.now() - before;
  const aheadMs = Math.round(answer.value.nowMs - (before + tookMs / 2));
  return [weigh('PostgreSQL', aheadMs, maxSkewMs)];
}

/** Half a second for a record to come while we look. */
const WATCH_MS = 500;

/**
 * Kafka tells nobody its time, but it stamps records. One of the future shows a clock ahead; one that came while we
 * looked, and has a stamp from before, shows a clock behind. Without records there is nothing to see.
 */
async function ofKafka(facts: KafkaFacts, { topic, window }: StreamConfig): Promise<CheckResult[]> {
  const seen = await facts.topic(topic);
  const stamps = seen.ok && seen.value?.details?.config['message.timestamp.type'];
  if (stamps !== 'LogAppendTime') return [];
  const askedMs = facts.clock.now();
  const ends = await facts.endsNow(topic);
  if (!ends.ok) return [];
  for (const aheadMs of [window.maxSkewMs, TOLERATED_MS]) {
    const later = await facts.offsetsAt(topic, facts.clock.now() + aheadMs);
    if (later.ok && ends.value.some(({ partition, end }) => (later.value.get(partition) ?? end) < end))
      return [weigh('Kafka', aheadMs + 1, window.maxSkewMs)];
  }
  await facts.clock.sleep(WATCH_MS);
  const now = await facts.endsNow(topic);
  const grown = now.ok
    ? ends.value.filter(({ partition, end }) => now.value.some((n) => n.partition === partition && n.end > end))
    : [];
  if (grown.length === 0) return [ok(`Kafka stamps no record of ${topic} with a time ahead of ours`)];
  for (const behindMs of [window.maxSkewMs, TOLERATED_MS]) {
    const stamped = await facts.offsetsAt(topic, askedMs - behindMs);
    if (stamped.ok && grown.some(({ partition, end }) => (stamped.value.get(partition) ?? end) > end))
      return [weigh('Kafka', -behindMs - 1, window.maxSkewMs)];
  }
  return [ok('Kafka less than a second')];
}

function weigh(who: string, aheadMs: number, maxSkewMs: number): CheckResult {
  const bySize = Math.abs(aheadMs);
  const found = `${who} is ${bySize > TOLERATED_MS ? 'more than ' : ''}${Math.floor(bySize > TOLERATED_MS ? bySize / 1000 : bySize)} ${bySize > TOLERATED_MS ? 's' : 'ms'} ${aheadMs < 0 ? 'behind' : 'ahead of'} us`;
  if (bySize <= TOLERATED_MS) return ok(found);
  const remedy = `Set the clocks of both machines (NTP).`;
  return bySize > maxSkewMs
    ? bad(`${found}, more than window.maxSkew: points would be refused as from the future`, remedy)
    : warn(found, remedy);
}
