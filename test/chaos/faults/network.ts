import { systemClock } from '../../../core/clock.ts';
import type { Arena, Fault } from '../fault.ts';

const LATENCY_MS = 500;
const wait = (ms: number, { signal }: Arena) => systemClock.sleep(ms, signal);

/** What lies between workers and the broker. */
export const NETWORK_FAULTS: readonly Fault[] = [
  {
    name: '500 ms to the broker',
    what: 'each request to the broker takes half a second longer, for five seconds at a time',
    criterion: 'lag grows and shrinks again; heartbeats are late, not lost, and nobody leaves the group',
    short: false,
    proxied: true,
    everyMs: 3_000,
    async strike(arena) {
      arena.site.kafkaProxy.latencyMs = LATENCY_MS;
      await wait(5_000, arena);
      arena.site.kafkaProxy.heal();
    },
    traces: ({ site }) => site.kafkaProxy.delayed,
  },
  {
    name: 'broker cut off',
    what: 'connections to the broker end and new ones are refused for three seconds',
    criterion: 'workers log that the broker is away, keep what they hold, and read on by themselves',
    short: false,
    proxied: true,
    everyMs: 3_000,
    async strike(arena) {
      const { kafkaProxy } = arena.site;
      kafkaProxy.closed = true;
      kafkaProxy.cut('end');
      await wait(3_000, arena);
      kafkaProxy.heal();
    },
    traces: ({ site }) => site.kafkaProxy.broken,
  },
  {
    name: 'black hole',
    what: 'for eight seconds, longer than a session, connections to the broker stay open and nothing passes',
    criterion: 'requests time out and are repeated; members that were expelled join again and claim again',
    short: false,
    proxied: true,
    everyMs: 6_000,
    async strike({ site }) {
      site.kafkaProxy.mute = true;
      await systemClock.sleep(8_000);
      site.kafkaProxy.heal();
    },
    traces: ({ site }) => site.kafkaProxy.broken,
  },
  {
    name: 'connections reset',
    what: 'every second and a half all connections to the broker are reset',
    criterion: 'each is opened again and its request repeated; the group stays as it is, or forms anew',
    short: false,
    proxied: true,
    everyMs: 1_500,
    async strike({ site }) {
      site.kafkaProxy.cut('reset');
    },
    traces: ({ site }) => site.kafkaProxy.broken,
  },
];
