import { bad, type Check, type CheckResult, ok, skip, summed, warn } from '../check.ts';
import { type KafkaFacts, told, withoutKafka } from './facts.ts';

/** More than that a worker of one CPU holds only while little is sent. */
const PARTITIONS_PER_WORKER = 32;
const SETTLED = 'Stable';

/** The group of the workers: its state, who is in it, and whether everything has an owner. */
export const groupCheck = (facts: KafkaFacts): Check => ({
  name: 'consumer group',
  async run() {
    const streams = facts.streams;
    if (!streams.ok) return skip('not looked at: no streams to read');
    const none = await withoutKafka(facts);
    if (none !== null) return none;
    const { groupId, username } = facts.config.kafka;
    const group = await facts.group();
    if (!group.ok)
      return bad(
        told(group.fault),
        `kafka-acls.sh --bootstrap-server ${facts.config.kafka.brokers[0]} --add --allow-principal User:${username ?? 'ANONYMOUS'} --operation Read --group ${groupId}`,
      );
    const { state, members } = group.value;
    if (members.length === 0)
      return warn(`no worker is in group ${groupId}: records wait in Kafka`, 'Start one or more: tidewatch worker');
    const counted = `${members.length} ${members.length === 1 ? 'worker' : 'workers'} in ${groupId}`;
    if (state !== SETTLED)
      return warn(
        `${counted}, which is sharing out its partitions (${state})`,
        'Run this again in half a minute; a group that never settles has workers that come and go: look at their logs.',
      );
    const results: CheckResult[] = [ok(counted)];
    let partitions = 0;
    for (const { topic } of streams.value) {
      const found = await facts.topic(topic);
      if (!found.ok || found.value === null) continue;
      partitions += found.value.partitions;
      results.push(...orphans(topic, found.value.partitions, members));
    }
    results.push(...spread(partitions, members.length));
    return summed(results);
  },
});

type Members = readonly { partitions: Readonly<Record<string, number[]>> }[];

function orphans(topic: string, count: number, members: Members): CheckResult[] {
  const owned = new Set(members.flatMap((m) => m.partitions[topic] ?? []));
  const without = Array.from({ length: count }, (_, p) => p).filter((p) => !owned.has(p));
  if (without.length === 0) return [ok(`all of ${topic} has an owner`)];
  return [
    bad(
      `${topic}: nobody serves ${without.length === count ? 'any of its partitions' : `partitions ${without.join(', ')}`}`,
      'Give all workers the same configuration, with this stream in it, and start them anew one by one.',
    ),
  ];
}

function spread(partitions: number, workers: number): CheckResult[] {
  if (workers > partitions)
    return [
      warn(
        `${workers - partitions} of ${workers} workers are idle: there are only ${partitions} partitions`,
        'Stop them. More partitions would move entities between workers without their history; give a new topic more.',
      ),
    ];
  if (partitions > PARTITIONS_PER_WORKER * workers)
    return [
      warn(
        `${Math.ceil(partitions / workers)} partitions a worker`,
        `Run more workers: up to ${partitions} share the work.`,
      ),
    ];
  return [ok(`${Math.ceil(partitions / workers)} partitions each at most`)];
}
