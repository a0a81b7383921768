import type { OutboxMessage } from '../store.ts';

/** A message is tried so often; then it is given up, and says so. */
export const MAX_ATTEMPTS = 12;
/** Messages and windows that one question answers at most. */
export const MAX_NOTIFY_ROWS = 1_000;

export type OutboxStatus = 'waiting' | 'delivered' | 'given_up';

/** Wall-clock times. */
export interface OutboxEntry {
  /** Idempotency key, the same at every attempt, as is the body. */
  id: string;
  receiver: string;
  body: string;
  createdMs: number;
  status: OutboxStatus;
  /** Deliveries begun. */
  attempts: number;
  /** When it is tried next, or was settled. */
  nextMs: number;
  lastError: string | null;
}

/** What is to be told to the world. Messages are written with the decisions they tell of; see MonitorStore. */
export interface OutboxStore {
  /** Messages that no decision tells of, such as those of incidents. Idempotent by id; the first of an id stays. */
  add(messages: readonly OutboxMessage[]): Promise<void>;
  /**
   * Takes waiting messages that are due, oldest first, and counts an attempt of each. Nobody else is given them before
   * leaseMs have passed, after which a deliverer that died has lost them: so one may be delivered twice, never not at all.
   */
  take(nowMs: number, limit: number, leaseMs: number): Promise<OutboxEntry[]>;
  delivered(id: string, nowMs: number): Promise<void>;
  /** Due again at nextMs; after MAX_ATTEMPTS, or with nextMs null, given up. Says which. */
  failed(id: string, nowMs: number, nextMs: number | null, error: string): Promise<OutboxStatus>;
  /** Newest first. */
  list(filter: { receiver?: string; status?: OutboxStatus; limit?: number }): Promise<OutboxEntry[]>;
  /** Of each receiver that has any: how many wait, since when the oldest, how many were given up. */
  backlog(): Promise<{ receiver: string; waiting: number; oldestMs: number | null; givenUp: number }[]>;
}

/** No notification leaves while its event time lies in [fromMs, toMs); verdicts and incidents are as ever. */
export interface MaintenanceWindow {
  id: string;
  /** null: all of them. A window without a stream covers every one. */
  stream: string | null;
  entity: string | null;
  metric: string | null;
  fromMs: number;
  toMs: number;
  reason: string;
  actor: string;
  /** Wall clock. */
  createdMs: number;
  /** Ended before its time, at this event time or ahead of it, by whom; both null otherwise. */
  endedMs: number | null;
  endedBy: string | null;
}

export interface MaintenanceStore {
  /** Idempotent by id. Throws request_invalid for a span that is empty. */
  add(window: Omit<MaintenanceWindow, 'endedMs' | 'endedBy'>): Promise<void>;
  /** Ends a window, never to be seen as if it had not been. False when it had ended, or there is none. */
  end(id: string, atMs: number, actor: string): Promise<boolean>;
  get(id: string): Promise<MaintenanceWindow | null>;
  /** Latest start first; those that touch [fromMs, toMs), by default all. stream: those that cover it. */
  list(filter: { stream?: string; fromMs?: number; toMs?: number; limit?: number }): Promise<MaintenanceWindow[]>;
}

/** Whether the window keeps a notification about this back. Event time. */
export function covers(
  w: MaintenanceWindow,
  about: { stream: string; entity: string | null; metric: string | null; atMs: number },
): boolean {
  const toMs = w.endedMs === null ? w.toMs : Math.min(w.toMs, w.endedMs);
  return (
    (w.stream === null || w.stream === about.stream) &&
    (w.entity === null || w.entity === about.entity) &&
    (w.metric === null || w.metric === about.metric) &&
    w.fromMs <= about.atMs &&
    about.atMs < toMs
  );
}
