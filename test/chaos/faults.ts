import { systemClock } from '../../core/clock.ts';
import type { Arena, Fault } from './fault.ts';
import { DATA_FAULTS } from './faults/data.ts';
import { MEMBER_FAULTS } from './faults/members.ts';
import { NETWORK_FAULTS } from './faults/network.ts';
import { OPERATION_FAULTS } from './faults/operations.ts';
import { POSTGRES_FAULTS } from './faults/postgres.ts';

const wait = (ms: number, { signal }: Arena) => systemClock.sleep(ms, signal);
/** Beyond the session of the workers' group, which is 6 s in these runs. */
const PAST_SESSION_MS = 8_500;
const POISON_PERCENT = 5;

export const FAULTS: readonly Fault[] = [
  {
    name: 'broker kill -9',
    what: 'the only broker is killed and started again on its data',
    criterion: 'workers live on and read on by themselves; they log the broker as lost',
    short: true,
    everyMs: 6_000,
    async strike({ site }) {
      await site.kafka.kill();
      await site.kafka.start();
    },
    traces: ({ workers }) => workers.said(/"part":|does not take our calls|the consumer ended/),
  },
  {
    name: 'PostgreSQL kill -9',
    what: 'the postmaster is killed; its keeper starts it again, with recovery',
    criterion: 'workers wait, keep their membership and repeat the same calls; they log that PostgreSQL is away',
    short: true,
    everyMs: 5_000,
    async strike({ site }) {
      const pid = site.postgres.pid();
      if (pid !== null) process.kill(pid, 'SIGKILL');
    },
    traces: ({ workers }) => workers.said(/PostgreSQL does not take our calls/),
  },
  {
    name: 'worker kill -9',
    what: 'a worker is killed at a random moment; its supervisor starts another',
    criterion: 'its partitions go to others after the session timeout, from the last checkpoint on',
    short: true,
    sparesServers: true,
    everyMs: 4_000,
    async strike({ workers }) {
      workers.kill();
    },
    traces: ({ workers }) => workers.said(/^exit null SIGKILL/),
  },
  {
    name: 'worker SIGSTOP past the session',
    what: 'a worker stands still for 8.5 s in the middle of its work and then goes on',
    criterion: 'the group gives its partitions away; what it still wants to write is fenced, and it joins again',
    short: true,
    sparesServers: true,
    everyMs: 3_000,
    strike: ({ workers, signal }) => workers.freeze(PAST_SESSION_MS, signal),
    traces: ({ workers }) => workers.said(/another worker has claimed|The coordinator is not aware|let go unsaved/),
  },
  {
    name: 'rebalance storm',
    what: 'one to four workers, one joining or leaving every second and a half',
    criterion: 'every join restores from checkpoints; nothing is fenced twice over',
    short: true,
    sparesServers: true,
    everyMs: 1_500,
    async strike({ workers }) {
      if (workers.count < 4) workers.start();
      else for (let i = 0; i < 3; i++) workers.leave();
    },
    traces: ({ workers }) => Math.max(0, workers.said(/"joined the group"/) - 2),
  },
  {
    name: 'poison records',
    what: 'one record in twenty is broken in one of fourteen ways',
    criterion: 'each becomes a dead letter with its code, in the table and on the topic; its neighbours are judged',
    short: true,
    sparesServers: true,
    poisonPercent: POISON_PERCENT,
    everyMs: 2_000,
    strike: (arena) => wait(10, arena),
    async traces({ site, stream }) {
      const { rows } = await site.pool.query<{ n: string }>(
        'SELECT count(*) AS n FROM dead_letters WHERE stream = $1',
        [stream.name],
      );
      return Number(rows[0]!.n);
    },
  },
  {
    name: 'broker SIGSTOP 5 s',
    what: 'the broker stands still for 5 s',
    criterion: 'workers wait and read on; nobody is expelled by a broker that slept',
    short: false,
    everyMs: 4_000,
    async strike(arena) {
      arena.site.kafka.signal('SIGSTOP');
      await wait(5_000, arena);
      arena.site.kafka.signal('SIGCONT');
    },
    traces: ({ workers }) => workers.said(/"part":/),
  },
  {
    name: 'broker SIGSTOP 60 s',
    what: 'the broker stands still for a minute',
    criterion: 'workers outlast it; sends that failed are repeated; the log says that Kafka does not answer',
    short: false,
    everyMs: 60_000,
    async strike({ site }) {
      site.kafka.signal('SIGSTOP');
      await systemClock.sleep(60_000);
      site.kafka.signal('SIGCONT');
    },
    traces: ({ workers }) => workers.said(/"part":/),
  },
  ...NETWORK_FAULTS,
  ...POSTGRES_FAULTS,
  ...MEMBER_FAULTS,
  ...DATA_FAULTS,
  ...OPERATION_FAULTS,
];
