import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../core/clock.ts';
import type { GroupMember } from '../../../ingest/kafka/member.ts';
import type { KafkaPartitionLog } from '../../../ingest/kafka/partition-log.ts';
import { SILENT } from '../../../ingest/kafka/ports.ts';
import { type Cluster, openKafka } from '../../../ingest/kafka.ts';
import { kafkaBroker } from '../../kafka.ts';

const SESSION_MS = 10_000;
const ignore = () => undefined;

/** The broker of the tests, by our own client. */
export async function testCluster(): Promise<Cluster> {
  const { brokers } = await kafkaBroker();
  const timeouts = { sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: 10_000, maxWaitMs: 20 };
  return openKafka({ brokers, clientId: 'test', tls: null, sasl: null, ...timeouts }, SILENT, systemClock);
}

/** Partition 0 of a topic as the one member of a group sees it. */
export async function joinAlone(
  cluster: Cluster,
  topic: string,
): Promise<{ member: GroupMember; log: KafkaPartitionLog }> {
  let member!: GroupMember;
  const log = await new Promise<KafkaPartitionLog>((resolve, reject) => {
    member = cluster.member({
      groupId: `test-${randomBytes(6).toString('hex')}`,
      topics: [topic],
      queueBytes: 64 << 10,
      sessionTimeoutMs: SESSION_MS,
      partitionsConsumedConcurrently: 1,
      progress: () => 0,
      onAssigned: ([assigned]) => resolve(assigned!.log),
      onRebalancing: ignore,
      onFailed: reject,
    });
    member.start().catch(reject);
  });
  return { member, log };
}
