import { ManualClock } from '../../../core/clock.ts';
import { ok, type TidewatchError } from '../../../core/errors.ts';
import { type Assigned, GroupMember, type MemberOptions } from '../../../ingest/kafka/member.ts';
import { type KafkaAdmin, SILENT } from '../../../ingest/kafka/ports.ts';
import { FakeConsumer } from './fake-consumer.ts';

export const SESSION_MS = 6_000;
const QUEUE_BYTES = 100;

/** Lets everything happen that waits for nothing but its turn. */
export const settle = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

type More = Partial<MemberOptions & Pick<KafkaAdmin, 'cluster'>>;

export async function started({ cluster, ...more }: More = {}) {
  const fake = new FakeConsumer();
  const clock = new ManualClock();
  const seen = { failures: [] as TidewatchError[], rebalancing: 0, assigned: [] as Assigned[], progress: 0 };
  const admin = {
    cluster: cluster ?? (() => Promise.resolve(ok({ id: 'c', brokers: [] }))),
    offsets: () => Promise.resolve(ok([0, 1].map((partition) => ({ partition, start: 0, end: 0 })))),
    close: () => Promise.resolve(),
  } as unknown as KafkaAdmin;
  const member = new GroupMember({
    groupId: 'g',
    topics: ['t'],
    queueBytes: QUEUE_BYTES,
    sessionTimeoutMs: SESSION_MS,
    partitionsConsumedConcurrently: 4,
    progress: () => seen.progress,
    onAssigned: (assigned) => {
      seen.assigned = [...assigned];
    },
    onRebalancing: () => {
      seen.rebalancing++;
    },
    onFailed: (cause) => seen.failures.push(cause),
    consumer: fake.consumer,
    admin,
    clock,
    log: SILENT,
    ...more,
  });
  await member.start();
  return { fake, clock, seen, member };
}

/** A member with partition 0, whose log has been asked for offset 0. */
export async function reading(more: Partial<MemberOptions> = {}) {
  const made = await started(more);
  made.fake.join({ t: [0] });
  const { log } = made.seen.assigned[0]!;
  await log.read(0, 1);
  return { ...made, log };
}
