import type { Clock } from '../../core/clock.ts';
import { describe } from '../../core/errors.ts';
import { DELIVERY_TIMEOUT_MS, deliver, type Receiver } from './deliver.ts';
import type { OutboxEntry, OutboxStatus, OutboxStore } from './ports.ts';

const LOOK_MS = 1_000;
const AT_ONCE = 50;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 3_600_000;
/** Longer than a round of deliveries takes, so that nobody else is given a message that is on its way. */
const LEASE_MS = 4 * DELIVERY_TIMEOUT_MS;

export interface SenderOptions {
  outbox: OutboxStore;
  receivers: readonly Receiver[];
  clock: Clock;
  /** What became of a message; for logs and metrics. */
  told: (message: OutboxEntry, outcome: 'delivered' | OutboxStatus, reason: string | null) => void;
}

/** Five seconds, doubled after each attempt, up to an hour. attempts: made so far, at least 1. */
export const retryAfterMs = (attempts: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_RETRY_MS);

/**
 * Delivers the outbox: at least once, each attempt with the same key and body, one after the other for a receiver and
 * receivers side by side, so that a slow one holds up nobody else. It runs beside everything and nothing waits for it.
 */
export class Sender {
  readonly #o: SenderOptions;
  readonly #receivers: ReadonlyMap<string, Receiver>;

  constructor(options: SenderOptions) {
    this.#o = options;
    this.#receivers = new Map(options.receivers.map((receiver) => [receiver.name, receiver]));
  }

  /** Until the signal aborts. trouble: the outbox itself could not be read or written; it is tried again. */
  async run(signal: AbortSignal, trouble: (cause: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      const sent = await this.round().catch((cause) => {
        trouble(cause);
        return 0;
      });
      if (sent < AT_ONCE) await this.#o.clock.sleep(LOOK_MS, signal);
    }
  }

  /** Delivers what is due; how many messages that were. */
  async round(): Promise<number> {
    const { outbox, clock } = this.#o;
    const due = await outbox.take(clock.now(), AT_ONCE, LEASE_MS);
    const byReceiver = new Map<string, OutboxEntry[]>();
    for (const message of due) {
      const list = byReceiver.get(message.receiver);
      if (list === undefined) byReceiver.set(message.receiver, [message]);
      else list.push(message);
    }
    await Promise.all([...byReceiver.values()].map((messages) => this.#inTurn(messages)));
    return due.length;
  }

  async #inTurn(messages: readonly OutboxEntry[]): Promise<void> {
    const { outbox, clock, told } = this.#o;
    const startedMs = clock.elapsed();
    for (const message of messages) {
      // what is left of a slow receiver's messages is taken again when its lease has ended
      if (clock.elapsed() - startedMs > LEASE_MS - 2 * DELIVERY_TIMEOUT_MS) return;
      const receiver = this.#receivers.get(message.receiver);
      const sent =
        receiver === undefined
          ? ({
              ok: false,
              fault: { code: 'destination_refused', detail: 'no receiver has this name any more' },
            } as const)
          : await deliver(receiver, message, clock.now());
      if (sent.ok) {
        await outbox.delivered(message.id, clock.now());
        told(message, 'delivered', null);
        continue;
      }
      const forGood = sent.fault.code === 'destination_refused';
      const nextMs = forGood ? null : clock.now() + retryAfterMs(message.attempts);
      const status = await outbox.failed(message.id, clock.now(), nextMs, sent.fault.detail);
      told(message, status, describe(sent.fault));
    }
  }
}
