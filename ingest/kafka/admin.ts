import { ok } from '../../core/errors.ts';
import type { Admin } from '../kafka.ts';
import { asResult, type Explain } from './faults.ts';
import type { KafkaAdmin } from './ports.ts';

/** Kinds of resources in Kafka's protocol. */
const TOPIC = 2;
const BROKER = 4;

/** What a group's leader has given a member, by topic. */
type DecodeAssignment = (bytes: Buffer) => Record<string, number[]>;

/** The questions that we ask of a cluster. Connects at the first one. */
export function adminOf(admin: Admin, decodeAssignment: DecodeAssignment, explain: Explain): KafkaAdmin {
  let connecting: Promise<void> | null = null;
  const connected = (): Promise<void> => {
    connecting ??= admin.connect().catch((cause) => {
      connecting = null;
      throw cause;
    });
    return connecting;
  };
  const ask = <T>(call: () => Promise<T>, groupId?: string) =>
    asResult(
      async () => {
        await connected();
        return call();
      },
      (fault) => explain(fault, groupId),
    );
  const config = async (type: number, name: string) => {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name }] });
    return Object.fromEntries((resources[0]?.configEntries ?? []).map((e) => [e.configName, e.configValue]));
  };
  return {
    cluster: () =>
      ask(async () => {
        const { clusterId, brokers } = await admin.describeCluster();
        return { id: clusterId, brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })) };
      }),
    topic: async (name) => {
      const found = await ask(async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
        const partitions = (topics[0]?.partitions ?? [])
          .map((p) => ({
            partition: p.partitionId,
            leader: p.leader,
            replicas: p.replicas.length,
            inSync: p.isr.length,
          }))
          .sort((a, b) => a.partition - b.partition);
        return { name, partitions, config: await config(TOPIC, name) };
      });
      return !found.ok && found.fault.code === 'topic_missing' ? ok(null) : found;
    },
    createTopic: (name, partitions, settings = {}) =>
      ask(async () => {
        const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
        const topics = [{ topic: name, numPartitions: partitions, configEntries }];
        return (await admin.createTopics({ topics, waitForLeaders: true })) ? 'made' : 'exists';
      }),
    deleteTopic: (name) => ask(() => admin.deleteTopics({ topics: [name] })),
    offsets: (topic) =>
      ask(async () =>
        (await admin.fetchTopicOffsets(topic))
          .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
          .sort((a, b) => a.partition - b.partition),
      ),
    offsetsAt: (topic, timeMs) =>
      ask(async () => {
        const found = await admin.fetchTopicOffsetsByTimestamp(topic, timeMs);
        return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
      }),
    group: (groupId) =>
      ask(async () => {
        const { groups } = await admin.describeGroups([groupId]);
        const group = groups[0];
        const members = (group?.members ?? []).map((m) => ({
          id: m.memberId,
          clientId: m.clientId,
          host: m.clientHost,
          partitions: decodeAssignment(m.memberAssignment),
        }));
        return { state: group?.state ?? 'Dead', members };
      }, groupId),
    committed: (groupId, topic) =>
      ask(async () => {
        const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
        const set = (found?.partitions ?? []).filter((p) => Number(p.offset) >= 0);
        return new Map(set.map((p) => [p.partition, Number(p.offset)]));
      }, groupId),
    brokerConfig: () =>
      ask(async () => {
        const { brokers } = await admin.describeCluster();
        return config(BROKER, String(brokers[0]?.nodeId ?? 0));
      }),
    close: () => admin.disconnect(),
  };
}
