import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';

interface Pair {
  client: Socket;
  server: Socket;
}

/**
 * A TCP proxy that stands between workers and one server, and misbehaves on demand: slow, mute, cut off, or losing the
 * answer to a chosen request. What it is told holds for open and new connections alike.
 */
export class TcpProxy {
  readonly port: number;
  /** Delay of what clients send. */
  latencyMs = 0;
  /** Connections stay open, are even accepted, and nothing passes. */
  mute = false;
  /** New connections are closed at once. */
  closed = false;
  /** Connections so far, and those that a fault broke. */
  connections = 0;
  broken = 0;
  /** Requests that were delayed. */
  delayed = 0;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #pairs = new Set<Pair>();
  #losing: ((request: Buffer) => boolean) | null = null;
  #halving: { meant: (request: Buffer) => boolean; told: (clientPort: number) => void } | null = null;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.#targetPort = targetPort;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (client) => this.#accept(client));
  }

  /** In front of a port of this machine. */
  static async open(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, HOST, resolve);
    });
    return new TcpProxy(server, targetPort);
  }

  get address(): string {
    return `${HOST}:${this.port}`;
  }

  /** Ends all connections in good order (FIN), or abruptly (RST). */
  cut(how: 'end' | 'reset'): void {
    for (const pair of this.#pairs) this.#break(pair, how);
  }

  /** The next request that is meant reaches the server, whose answer is lost together with the connection. */
  loseAnswer(meant: (request: Buffer) => boolean): void {
    this.#losing = meant;
  }

  /**
   * Of the next request that is meant, the server gets half. Resolves with the port of the client, whose connection
   * says no more until `heal`.
   */
  halve(meant: (request: Buffer) => boolean): Promise<number> {
    return new Promise((told) => {
      this.#halving = { meant, told };
    });
  }

  /** Connections that have something to say while it is mute. */
  get held(): number {
    return [...this.#pairs].filter(({ client, server }) => client.isPaused() || server.isPaused()).length;
  }

  /** Counts from nought again, for the next fault. */
  forget(): void {
    this.connections = this.broken = this.delayed = 0;
  }

  /** Back to passing everything on. */
  heal(): void {
    this.latencyMs = 0;
    this.mute = false;
    this.closed = false;
    this.#losing = null;
    this.#halving = null;
    // what was held back may be half a message, and its sender has long given up
    for (const pair of this.#pairs) if (pair.client.isPaused() || pair.server.isPaused()) this.#break(pair, 'reset');
  }

  async close(): Promise<void> {
    this.cut('reset');
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #break(pair: Pair, how: 'end' | 'reset'): void {
    this.broken++;
    for (const socket of [pair.client, pair.server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroySoon();
    }
    this.#pairs.delete(pair);
  }

  #accept(client: Socket): void {
    if (this.closed) {
      this.broken++;
      client.destroy();
      return;
    }
    this.connections++;
    const pair = { client, server: createConnection({ host: HOST, port: this.#targetPort }) };
    this.#pairs.add(pair);
    client.setNoDelay(true);
    pair.server.setNoDelay(true);
    this.#pass(pair, client, pair.server, true);
    this.#pass(pair, pair.server, client, false);
  }

  #pass(pair: Pair, from: Socket, to: Socket, isRequest: boolean): void {
    let last: Promise<unknown> = Promise.resolve();
    let losing = false;
    from.on('data', (bytes: Buffer) => {
      if (this.mute) {
        from.pause();
        return;
      }
      if (isRequest && this.#halving?.meant(bytes) === true) {
        from.pause();
        to.write(bytes.subarray(0, bytes.length >> 1));
        this.#halving.told(pair.client.remotePort ?? 0);
        this.#halving = null;
        return;
      }
      if (isRequest && this.#losing?.(bytes) === true) {
        this.#losing = null;
        losing = true;
        pair.server.removeAllListeners('data');
        pair.server.once('data', () => this.#break(pair, 'reset'));
      }
      const delayMs = isRequest && !losing ? this.latencyMs : 0;
      if (delayMs > 0) this.delayed++;
      const write = () => {
        if (!to.destroyed && !to.write(bytes)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      };
      // a promise for each chunk only while there is a delay, or one to queue up behind
      if (delayMs === 0 && last === IDLE) write();
      else last = Promise.all([last, sleep(delayMs)]).then(write);
    });
    const over = () => {
      this.#pairs.delete(pair);
      void last.then(() => to.destroySoon());
    };
    from.on('error', () => to.destroy());
    from.on('end', over);
    from.on('close', over);
    last = IDLE;
  }
}

/** Nothing is under way. */
const IDLE: Promise<unknown> = Promise.resolve();
