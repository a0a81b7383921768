import { systemClock } from '../../../core/clock.ts';
import type { Arena, Fault } from '../fault.ts';

const HOUR_MS = 3_600_000;
/** Beyond the session of the group, and beyond what PostgreSQL lets a transaction idle. */
const STOPPED_MS = 11_500;
const HALF_WITHIN_MS = 10_000;
const MOST_WORKERS = 8;
const SLOW_FOLD_MS = 1;

/** What befalls workers. */
export const MEMBER_FAULTS: readonly Fault[] = [
  {
    name: 'SIGSTOP in mid-transaction',
    what: 'a worker stands still for 11.5 s when PostgreSQL has got one half of a transaction of its verdicts',
    criterion:
      'PostgreSQL ends the transaction, whose locks stop nobody for longer; what the worker still writes is fenced',
    short: false,
    proxied: true,
    everyMs: 3_000,
    async strike({ workers, site, signal }) {
      const half = site.postgresProxy.halve((request) => request.includes('COPY verdicts'));
      const over = systemClock.sleep(HALF_WITHIN_MS, signal).then(() => 0);
      const port = await Promise.race([half, over]);
      const goOn = workers.stopOwnerOf(port);
      if (goOn !== null) {
        workers.note('stopped in mid-transaction');
        await systemClock.sleep(STOPPED_MS);
        goOn();
      }
      site.postgresProxy.heal();
    },
    traces: ({ workers }) => workers.said(/^stopped in mid-transaction/),
  },
  {
    name: '1 to 8 workers',
    what: 'every two and a half seconds workers join or leave, between one and eight of them',
    criterion: 'partitions go back and forth from checkpoints; more workers than partitions stand by',
    short: false,
    everyMs: 2_500,
    async strike({ workers }) {
      if (workers.count >= MOST_WORKERS) for (let i = 1; i < MOST_WORKERS; i++) workers.leave();
      else for (let i = 0; i < 2; i++) workers.start();
    },
    traces: ({ workers }) => Math.max(0, workers.said(/"joined the group"/) - 2),
  },
  {
    name: 'clocks an hour off',
    what: 'one worker has a clock an hour ahead, the next an hour behind, and they take over from each other',
    criterion: 'no verdict depends on it: windows go by the time of the points',
    short: false,
    everyMs: 6_000,
    odd: (n) => ({ TIDEWATCH_CHAOS_CLOCK_MS: String(n % 2 === 0 ? HOUR_MS : -HOUR_MS) }),
    async strike({ workers }) {
      workers.kill();
    },
    traces: ({ workers }) =>
      workers.times('claimed').filter((ms) => Math.abs(ms - systemClock.now()) > HOUR_MS / 2).length,
  },
  {
    name: 'slow fold',
    what: 'each record takes a millisecond more to fold, a hundred times what it takes',
    criterion: 'lag grows while load runs; heartbeats go on, so that nobody is expelled for being slow',
    short: false,
    everyMs: 2_000,
    speedFactor: 0.6,
    odd: () => ({ TIDEWATCH_CHAOS_FOLD_MS: String(SLOW_FOLD_MS) }),
    strike: lookAtLag,
    traces: ({ workers }) => workers.said(/^lag/),
  },
];

const BEHIND = 500;

/** Notes when more records wait than two workers have under way at any time. */
export async function lookAtLag({ workers, site, stream }: Arena): Promise<void> {
  const lag = await site.lag(stream);
  if (lag > BEHIND) workers.note(`lag ${lag}`);
}
