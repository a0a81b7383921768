import type { StreamConfig } from '../../core/config/stream.ts';
import type { LogRecord } from '../../ingest/ports.ts';
import type { Site } from './site.ts';
import type { Workers } from './workers.ts';

/** Records [from, to) of a partition that were taken out of the log before anybody had read them. */
export interface Gone {
  partition: number;
  from: number;
  to: number;
}

export interface Arena {
  site: Site;
  workers: Workers;
  /** Aborts when the load has ended and no more is to be broken. */
  signal: AbortSignal;
  stream: StreamConfig;
  groupId: string;
  /** The log as it was before a fault removed some of it, by partition. */
  kept: Map<number, LogRecord[]>;
  gone: Gone[];
}

export interface Fault {
  name: string;
  /** What is done, for the report. */
  what: string;
  /** What must come of it beside all invariants, and what the operator is told. */
  criterion: string;
  /** Part of the short run. */
  short: boolean;
  /** Servers are left alone, so that in a short run others of this kind go on beside it, each with workers of its own. */
  sparesServers?: true;
  poisonPercent?: number;
  /** Workers reach Kafka and PostgreSQL by the proxies of the site. */
  proxied?: true;
  /** Times the usual number of windows, and times the usual speed of the load. */
  windowsFactor?: number;
  speedFactor?: number;
  /** The whole load is sent once more when it has ended. */
  again?: true;
  /** Environment of the n-th worker that starts; see odd-worker.ts. */
  odd?: (n: number) => Record<string, string>;
  /** Why it cannot be done on this machine; null when it can. */
  prepare?(site: Site): Promise<string | null>;
  /** After its run, for the next one. */
  undo?(site: Site): Promise<void>;
  /** Strikes once; what it broke must work again when it resolves. */
  strike(arena: Arena): Promise<void>;
  /** Pause between two strikes. */
  everyMs: number;
  /** How often it left a trace; a fault without one was not exercised. */
  traces(arena: Arena): number | Promise<number>;
}
