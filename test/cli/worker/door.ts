import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../e2e/up.ts';

/** A way to a server that a test opens and shuts; while it is shut, connections are refused and those there were are cut. */
export class Door {
  readonly port: number;
  readonly #to: { host: string; port: number };
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, to: { host: string; port: number }) {
    this.port = port;
    this.#to = to;
  }

  static async to(host: string, port: number): Promise<Door> {
    return new Door(await freePort(), { host, port });
  }

  open(): Promise<void> {
    const server = createServer((client) => {
      const there = connect(this.#to);
      for (const [socket, other] of [
        [client, there],
        [there, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    this.#server = server;
    return new Promise((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    const closed = new Promise<void>((resolve) => {
      if (server === null) resolve();
      else server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    return closed;
  }
}
