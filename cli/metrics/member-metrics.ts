import type { Metrics } from './ports.ts';

/** What a member of a consumer group has counted since it began, and what it holds. */
export interface WatchedMember {
  readonly heartbeats: number;
  readonly rebalances: number;
  /** Bytes fetched that wait to be folded. */
  readonly queuedBytes: number;
}

/** Shows a member of the consumer group from now on; returns how to end that. */
export function watchMember(metrics: Metrics, member: WatchedMember): () => void {
  let [heartbeats, rebalances] = [0, 0];
  const collect = () => {
    metrics.count('tidewatch_kafka_heartbeats_total', {}, member.heartbeats - heartbeats);
    metrics.count('tidewatch_kafka_rebalances_total', {}, member.rebalances - rebalances);
    metrics.set('tidewatch_queue_bytes', {}, member.queuedBytes);
    ({ heartbeats, rebalances } = member);
  };
  const end = metrics.onScrape(collect);
  return () => {
    end();
    collect();
    metrics.set('tidewatch_queue_bytes', {}, 0);
  };
}
