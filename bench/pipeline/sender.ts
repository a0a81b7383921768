import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { KafkaProgram } from '../../cli/services/kafka-jars.ts';
import { type Load, writeFleet } from './load.ts';

export interface SentFigures {
  sent: number;
  /** How late a record was handed to the client at most. */
  lateMs: number;
}

const SOURCE = join(import.meta.dirname, 'Sender.java');
const JVM = ['-Xmx512m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];

/** A process that sends a load, at a rate or as fast as it can; see Sender.java. */
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

  /** ratePerS 0: as fast as it can. Files for it go into a folder of their own in `dir`. */
  static async start(program: KafkaProgram, dir: string, load: Load, ratePerS = 0): Promise<Sender> {
    const folder = mkdtempSync(join(dir, 'fleet-'));
    writeFleet(folder, load.entities);
    const { broker, topic, metrics, records, baseMs } = load;
    const about = [broker, topic, folder, metrics, records, baseMs, ratePerS].map(String);
    const args = [...JVM, '-cp', join(program.jars, '*'), SOURCE, ...about];
    const child = spawn(program.java, args, { stdio: ['ignore', 'pipe', 'inherit'] });
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
