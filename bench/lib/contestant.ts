import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export type Figures = Record<string, number>;

/** A round of any contestant takes less than this, or something is stuck. */
const ROUND_TIMEOUT_MS = 120_000;

/**
 * A program that runs one round of its benchmark for each line it is sent and answers with a JSON line of figures; its
 * first line says that it is ready. Each is a process of its own, so none warms or pollutes another, and they can take
 * turns.
 */
export class Contestant {
  readonly name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  private constructor(name: string, command: string, args: readonly string[]) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('error', () => this.#lines.close());
    this.#child.stdin.on('error', () => this.#lines.close());
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** Starts one and waits until it is ready; its first figures come along. */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
  ): Promise<[Contestant, Record<string, unknown>]> {
    const contestant = new Contestant(name, command, args);
    return [contestant, await contestant.#answer()];
  }

  async round(): Promise<Figures> {
    this.#child.stdin.write('go\n');
    return (await this.#answer()) as Figures;
  }

  stop(): void {
    this.#child.stdin.end();
    this.#lines.close();
    this.#child.kill();
  }

  async #answer(): Promise<Record<string, unknown>> {
    const timer = setTimeout(() => this.#child.kill(), ROUND_TIMEOUT_MS);
    try {
      const { value, done } = await this.#answers.next();
      if (done) throw new Error(`${this.name} ended without an answer`);
      return JSON.parse(value);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Runs all in turn, `rounds` times; each one's figures by name, in the order of the rounds. */
export async function alternate(contestants: readonly Contestant[], rounds: number): Promise<Map<string, Figures[]>> {
  const results = new Map<string, Figures[]>(contestants.map((c) => [c.name, []]));
  for (let r = 0; r < rounds; r++) {
    for (const contestant of contestants) results.get(contestant.name)!.push(await contestant.round());
  }
  return results;
}
