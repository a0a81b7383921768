import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Load } from './load.ts';
import type { SentFigures } from './send-child.ts';

/** A process that sends a load at a rate. */
export class Sender {
  /** When its first record was due; record i was due i / rate later. */
  readonly startMs: number;
  readonly sent: Promise<SentFigures>;
  readonly #child: ChildProcessByStdio<null, Readable, null>;

  private constructor(child: ChildProcessByStdio<null, Readable, null>, startMs: number, sent: Promise<SentFigures>) {
    this.#child = child;
    this.startMs = startMs;
    this.sent = sent;
  }

  static async start(load: Load, ratePerS: number): Promise<Sender> {
    const script = join(import.meta.dirname, 'send-child.ts');
    const args = ['--import', 'tsx', script, JSON.stringify(load), String(ratePerS)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const answer = async (): Promise<unknown> => {
      const { value, done } = await lines.next();
      if (done) throw new Error('the sender ended too early');
      return JSON.parse(value);
    };
    const { startMs } = (await answer()) as { startMs: number };
    const sent = answer() as Promise<SentFigures>;
    // Whoever waits for it hears of its failure; before that it is no unhandled one.
    sent.catch(() => undefined);
    return new Sender(child, startMs, sent);
  }

  /** Ends it; what it had sent. */
  stop(): Promise<SentFigures> {
    this.#child.kill('SIGTERM');
    return this.sent;
  }
}
