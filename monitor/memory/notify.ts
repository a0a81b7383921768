import { checkMaintenance } from '../notify/check.ts';
import {
  MAX_ATTEMPTS,
  MAX_NOTIFY_ROWS,
  type MaintenanceStore,
  type MaintenanceWindow,
  type OutboxEntry,
  type OutboxStatus,
  type OutboxStore,
} from '../notify/ports.ts';
import { rowsAllowed } from '../rows-allowed.ts';
import type { OutboxMessage } from '../store.ts';
import type { MonitorTables } from './tables.ts';

/** OutboxStore without a database; the same behaviour, proved by the same suite. */
export class MemoryOutbox implements OutboxStore {
  readonly #tables: MonitorTables;

  constructor(tables: MonitorTables) {
    this.#tables = tables;
  }

  async add(messages: readonly OutboxMessage[]): Promise<void> {
    for (const message of messages) this.#tables.addMessage(message);
  }

  async take(nowMs: number, limit: number, leaseMs: number): Promise<OutboxEntry[]> {
    const due = [...this.#tables.outbox.values()]
      .filter((m) => m.status === 'waiting' && m.nextMs <= nowMs)
      .sort((a, b) => a.nextMs - b.nextMs || (a.id < b.id ? -1 : 1))
      .slice(0, rowsAllowed(limit, MAX_NOTIFY_ROWS));
    for (const message of due) {
      message.attempts++;
      message.nextMs = nowMs + leaseMs;
    }
    return due.map((message) => ({ ...message }));
  }

  async delivered(id: string, nowMs: number): Promise<void> {
    const message = this.#tables.outbox.get(id);
    if (message?.status === 'waiting') Object.assign(message, { status: 'delivered', nextMs: nowMs, lastError: null });
  }

  async failed(id: string, nowMs: number, nextMs: number | null, error: string): Promise<OutboxStatus> {
    const message = this.#tables.outbox.get(id);
    if (!message) return 'given_up';
    if (message.status !== 'waiting') return message.status;
    const over = nextMs === null || message.attempts >= MAX_ATTEMPTS;
    message.status = over ? 'given_up' : 'waiting';
    message.nextMs = over ? nowMs : nextMs;
    message.lastError = error;
    return message.status;
  }

  async list(filter: { receiver?: string; status?: OutboxStatus; limit?: number }): Promise<OutboxEntry[]> {
    return [...this.#tables.outbox.values()]
      .filter(
        (m) =>
          (filter.receiver === undefined || m.receiver === filter.receiver) &&
          (filter.status === undefined || m.status === filter.status),
      )
      .sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1))
      .slice(0, rowsAllowed(filter.limit, MAX_NOTIFY_ROWS))
      .map((message) => ({ ...message }));
  }

  async backlog() {
    const byReceiver = new Map<string, { waiting: number; oldestMs: number | null; givenUp: number }>();
    for (const { receiver, status, createdMs } of this.#tables.outbox.values()) {
      const of = byReceiver.get(receiver) ?? { waiting: 0, oldestMs: null, givenUp: 0 };
      byReceiver.set(receiver, of);
      if (status === 'given_up') of.givenUp++;
      if (status !== 'waiting') continue;
      of.waiting++;
      of.oldestMs = Math.min(of.oldestMs ?? createdMs, createdMs);
    }
    return [...byReceiver]
      .map(([receiver, of]) => ({ receiver, ...of }))
      .filter((of) => of.waiting + of.givenUp > 0)
      .sort((a, b) => (a.receiver < b.receiver ? -1 : 1));
  }
}

/** MaintenanceStore without a database; the same behaviour, proved by the same suite. */
export class MemoryMaintenance implements MaintenanceStore {
  readonly #windows = new Map<string, MaintenanceWindow>();

  async add(window: Omit<MaintenanceWindow, 'endedMs' | 'endedBy'>): Promise<void> {
    checkMaintenance(window);
    if (!this.#windows.has(window.id)) this.#windows.set(window.id, { ...window, endedMs: null, endedBy: null });
  }

  async end(id: string, atMs: number, actor: string): Promise<boolean> {
    const window = this.#windows.get(id);
    if (!window || window.endedMs !== null) return false;
    Object.assign(window, { endedMs: atMs, endedBy: actor });
    return true;
  }

  async get(id: string): Promise<MaintenanceWindow | null> {
    const window = this.#windows.get(id);
    return window ? { ...window } : null;
  }

  async list(filter: { stream?: string; fromMs?: number; toMs?: number; limit?: number }) {
    const { stream, fromMs, toMs } = filter;
    return [...this.#windows.values()]
      .filter(
        (w) =>
          (stream === undefined || w.stream === null || w.stream === stream) &&
          (fromMs === undefined || w.toMs > fromMs) &&
          (toMs === undefined || w.fromMs < toMs),
      )
      .sort((a, b) => b.fromMs - a.fromMs || (a.id < b.id ? -1 : 1))
      .slice(0, rowsAllowed(filter.limit, MAX_NOTIFY_ROWS))
      .map((window) => ({ ...window }));
  }
}
