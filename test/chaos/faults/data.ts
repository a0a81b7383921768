import type { Fault } from '../fault.ts';
import { lookAtLag } from './members.ts';

/** What befalls the load itself. */
export const DATA_FAULTS: readonly Fault[] = [
  {
    name: 'topic sent again',
    what: 'when the load has ended, all of it is sent once more',
    criterion: 'every point of the repeat is late or a duplicate and is counted as such; no verdict changes',
    short: false,
    everyMs: 5_000,
    again: true,
    strike: async () => undefined,
    async traces({ site, stream }) {
      const { rows } = await site.pool.query<{ n: string }>(
        `SELECT sum((g.counters->>'late')::int + (g.counters->>'duplicate')::int) AS n FROM partition_generations g
         JOIN partition_state p ON p.stream = g.stream AND p.partition = g.partition AND p.slot = g.slot
         WHERE p.stream = $1`,
        [stream.name],
      );
      return Number(rows[0]?.n ?? 0);
    },
  },
  {
    name: '10 times the load',
    what: 'ten times the records a second, four times as many in all',
    criterion: 'Kafka is the buffer: lag grows, memory does not, and nothing is shed',
    short: false,
    everyMs: 300,
    windowsFactor: 4,
    speedFactor: 10,
    strike: lookAtLag,
    traces: ({ workers }) => workers.said(/^lag/),
  },
];
