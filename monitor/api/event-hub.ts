import type { Clock } from '../../core/clock.ts';

/** The half of a response that the hub needs. */
export interface EventSocket {
  write(chunk: string): boolean;
  end(): void;
  destroy(): void;
  on(event: 'close' | 'error', listener: () => void): unknown;
  readonly writableLength: number;
}

export const MAX_CLIENTS = 64;
/** A client that lets this much pile up is too slow to be live; it is cut off and reads everything anew when it returns. */
export const MAX_BUFFERED_BYTES = 262_144;
export const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2_000;

/**
 * Server-sent events (HTML Standard, 9.2) to all open pages. Messages carry no history: a page that reconnects reads
 * the present from the API, so nothing needs to be kept for those who are away.
 */
export class EventHub {
  readonly #clock: Clock;
  readonly #clients = new Set<EventSocket>();
  readonly #closing = new AbortController();
  #id = 0;
  /** Clients cut off for being slow. */
  dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    void this.#beat();
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** False when there are too many clients already. The caller has sent the headers. */
  add(socket: EventSocket): boolean {
    if (this.#clients.size >= MAX_CLIENTS || this.#closing.signal.aborted) return false;
    this.#clients.add(socket);
    const gone = () => this.#clients.delete(socket);
    socket.on('close', gone);
    socket.on('error', gone);
    this.#send(socket, `retry: ${RETRY_MS}\n${this.#message('hello', { nowMs: this.#clock.now() })}`);
    return true;
  }

  broadcast(event: string, data: unknown): void {
    if (this.#clients.size === 0) return;
    const message = this.#message(event, data);
    for (const socket of this.#clients) this.#send(socket, message);
  }

  close(): void {
    this.#closing.abort();
    for (const socket of this.#clients) socket.end();
    this.#clients.clear();
  }

  #message(event: string, data: unknown): string {
    return `id: ${++this.#id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  #send(socket: EventSocket, message: string): void {
    socket.write(message);
    if (socket.writableLength <= MAX_BUFFERED_BYTES) return;
    this.#clients.delete(socket);
    this.dropped++;
    socket.destroy();
  }

  /** An event rather than a comment: the page must be able to see that the heartbeat has stopped. */
  async #beat(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#clock.sleep(HEARTBEAT_MS, signal);
      if (!signal.aborted) this.broadcast('heartbeat', { nowMs: this.#clock.now() });
    }
  }
}
