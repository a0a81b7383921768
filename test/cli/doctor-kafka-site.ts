import { type Clock, systemClock } from '../../core/clock.ts';
import type { GroupMember } from '../../ingest/kafka/member.ts';
import type { Cluster } from '../../ingest/kafka.ts';

const JOIN_MS = 15_000;

/** A clock that is wrong by so much, and waits for nothing: here no records come while doctor looks. */
export const behind = (ms: number): Clock => ({
  now: () => systemClock.now() - ms,
  elapsed: () => systemClock.elapsed(),
  sleep: async () => undefined,
});

/** Runs the work while the group has members, which joined one after the other, one for each of the topics. */
export async function asMembers(
  cluster: Cluster,
  groupId: string,
  topics: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const members: GroupMember[] = [];
  try {
    for (const topic of topics) {
      const joined = new AbortController();
      const member = cluster.member({
        groupId,
        topics: [topic],
        queueBytes: 1 << 20,
        sessionTimeoutMs: 15_000,
        partitionsConsumedConcurrently: 1,
        progress: () => 0,
        onAssigned: () => joined.abort(),
        onRebalancing: () => undefined,
        onFailed: (cause) => joined.abort(cause),
      });
      members.push(member);
      await member.start();
      await systemClock.sleep(JOIN_MS, joined.signal);
    }
    await work();
  } finally {
    await Promise.all(members.map((member) => member.close()));
  }
}
