import type { Clock } from '../../core/clock.ts';
import { ok, type Result } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Log, LogRecord, NewRecord } from '../../ingest/ports.ts';

/** One await of a process: it stays there until the scheduler lets it pass. */
interface Gate {
  process: Process;
  /** Virtual time before which it cannot pass; a condition it waits for. */
  fromMs: number;
  ready: () => boolean;
  pass: () => void;
}

/** What the scheduler kills and pauses: all awaits of one worker since its start. */
export class Process {
  readonly name: string;
  pausedUntilMs = 0;
  dead = false;

  constructor(name: string) {
    this.name = name;
  }
}

/** How seldom the log cannot be reached when somebody asks for its end. */
const AWAY_ONE_IN = 8;

/** Lets every microtask run that the last step made runnable. */
const settle = () => new Promise<void>((done) => setImmediate(done));

/**
 * Virtual time and a seeded scheduler: processes run one at a time, from one await on a port to the next, in an order
 * that the seed draws. Nothing else in a run depends on chance or on the clock, so a seed replays bit for bit.
 */
export class World {
  nowMs = 1_000_000_000;
  readonly random: Random;
  #gates: Gate[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  /** Resolves when the scheduler lets the process pass. Never, once it is dead. */
  gate(process: Process, fromMs = 0, ready: () => boolean = () => true, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (process.dead) return;
      const abort = () => {
        gate.fromMs = 0;
        gate.ready = () => true;
      };
      const pass = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const gate: Gate = { process, fromMs, ready, pass };
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort);
      this.#gates.push(gate);
    });
  }

  kill(process: Process): void {
    process.dead = true;
    this.#gates = this.#gates.filter((gate) => gate.process !== process);
  }

  clockOf(process: Process): Clock {
    return {
      now: () => this.nowMs,
      elapsed: () => this.nowMs,
      sleep: (ms, signal) => this.gate(process, this.nowMs + ms, undefined, signal),
    };
  }

  /** Lets one process pass; if none can, time goes on to the next moment at which one may. False when nobody waits. */
  async step(): Promise<boolean> {
    const wakesMs = (gate: Gate) => Math.max(gate.fromMs, gate.process.pausedUntilMs);
    const possible = this.#gates.filter((gate) => gate.ready());
    const now = possible.filter((gate) => wakesMs(gate) <= this.nowMs);
    if (now.length > 0) {
      const gate = now[this.random.below(now.length)]!;
      this.#gates.splice(this.#gates.indexOf(gate), 1);
      gate.pass();
    } else {
      if (possible.length === 0) return false;
      this.nowMs = Math.min(...possible.map(wakesMs));
    }
    await settle();
    return true;
  }
}

/** The records of one partition: shared truth, whole and durable at once. */
export class WorldLog {
  readonly records: LogRecord[] = [];
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  append(value: Uint8Array): void {
    this.records.push({ offset: this.records.length, appendMs: this.world.nowMs, key: null, value });
  }

  /** The log as one process reads it: a few records at a time, each read an await. */
  for(process: Process, maxRecords: number): Log {
    const { records, world } = this;
    return {
      append: async (_records: readonly NewRecord[]): Promise<Result<number>> => ok(records.length),
      read: async (from) => {
        await world.gate(process);
        return records.slice(from, from + 1 + world.random.below(maxRecords));
      },
      waitFor: (offset, signal) => world.gate(process, 0, () => records.length > offset, signal),
      refresh: async () => {
        await world.gate(process);
        return world.random.below(AWAY_ONE_IN) > 0;
      },
      start: () => 0,
      end: () => records.length,
      close: async () => undefined,
    };
  }
}
