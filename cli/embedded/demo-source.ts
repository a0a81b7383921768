import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import type { Sample } from '../../core/types.ts';
import type { NewRecord } from '../../ingest/ports.ts';
import { encodeKey, encodeTidewatchEvent } from '../../scenarios/encode.ts';
import { FaultSwitchboard } from '../../scenarios/faults/control.ts';
import { FaultInjector } from '../../scenarios/faults/injector.ts';
import { Fleet } from '../../scenarios/fleet/fleet.ts';
import { FLEET_ENTITIES, METRICS } from '../../scenarios/fleet/services.ts';
import type { FleetState } from '../../scenarios/fleet/state.ts';

/** The fleet's recent past that is folded at the first start, so that the first picture is not empty. */
export const CATCH_UP_MS = 15 * 60_000;
/** After a longer pause than this the fleet has a gap; a shorter one it lives through, seconds of work for a day. */
export const LONGEST_PAUSE_MS = 24 * 3_600_000;
/** Steps sent at once while catching up. */
const STEPS_AT_ONCE = 60;
const SAVE_EVERY_MS = 30_000;

export interface DemoOptions {
  seed: number;
  stepMs: number;
  clock: Clock;
  /** Where the fleet's state is kept between runs. */
  file: string;
  /** Newest event time of the stream that is already in its log's fold. */
  newestMs: () => number;
  append: (records: NewRecord[]) => Promise<void>;
  say: (message: string) => void;
  onError: (error: unknown, what: string) => void;
}

/** The demo fleet as a source: a step of event time every stepMs, through the fault injector, into the stream's log. */
export class DemoSource {
  readonly faults: FaultSwitchboard;
  readonly #o: DemoOptions;
  readonly #injector: FaultInjector;
  #fleet: Fleet;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #savedMs = 0;

  constructor(options: DemoOptions) {
    this.#o = options;
    this.#injector = new FaultInjector(
      options.seed,
      FLEET_ENTITIES.map((entity): [string, readonly string[]] => [entity, METRICS]),
    );
    this.#fleet = this.#restore() ?? this.#fresh();
    this.faults = new FaultSwitchboard(this.#injector, () => this.#fleet.timeMs);
  }

  #fresh(): Fleet {
    const { seed, stepMs, clock } = this.#o;
    const startMs = Math.floor((clock.now() - CATCH_UP_MS) / stepMs) * stepMs;
    return new Fleet({ seed, startMs, stepMs });
  }

  #restore(): Fleet | null {
    let text: string;
    try {
      text = readFileSync(this.#o.file, 'utf8');
    } catch {
      return null; // a first start has no state yet
    }
    try {
      const fleet = Fleet.restore(JSON.parse(text));
      if (fleet.ok) return fleet.value;
      this.#o.say(`the fleet starts anew: ${fleet.fault.detail}`);
    } catch (cause) {
      this.#o.say(`the fleet starts anew, ${this.#o.file} is not JSON: ${String(cause)}`);
    }
    return null;
  }

  /** Continues where a history ended. */
  continueFrom(state: FleetState): void {
    const fleet = Fleet.restore(state);
    if (!fleet.ok) return this.#o.say(`the fleet starts anew: ${fleet.fault.detail}`);
    this.#fleet = fleet.value;
    this.#save();
  }

  /** Steps from here on, catching up with the clock first. */
  start(): void {
    this.#running = this.#run(this.#stop.signal).catch((cause) => this.#o.onError(cause, 'the demo fleet ended'));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#running === null) return;
    await this.#running;
    this.#save();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, stepMs } = this.#o;
    const oldestMs = clock.now() - LONGEST_PAUSE_MS;
    if (this.#fleet.timeMs < oldestMs) this.#fleet.skipTo(oldestMs);
    while (!signal.aborted) {
      const records: NewRecord[] = [];
      for (let step = 0; step < STEPS_AT_ONCE && this.#fleet.timeMs <= clock.now(); step++) this.#step(records);
      if (records.length > 0) await this.#o.append(records);
      if (clock.now() - this.#savedMs > SAVE_EVERY_MS) this.#save();
      await clock.sleep(Math.max(0, Math.min(stepMs, this.#fleet.timeMs - clock.now())), signal);
    }
  }

  #step(records: NewRecord[]): void {
    // After an unclean stop the saved fleet lies behind its own log: those steps are lived through again, unsent.
    const known = this.#fleet.timeMs <= this.#o.newestMs();
    const injector = this.#injector;
    const out = {
      sample: (sample: Sample) => records.push({ key: encodeKey(sample.entity), value: injector.encode(sample) }),
      event: (event: Parameters<typeof encodeTidewatchEvent>[0]) =>
        records.push({ key: encodeKey(event.entity), value: encodeTidewatchEvent(event) }),
    };
    this.#fleet.step(
      known
        ? { sample: () => undefined, event: () => undefined }
        : { sample: (sample) => injector.apply(sample, out), event: (event) => injector.event(event, out) },
    );
  }

  #save(): void {
    this.#savedMs = this.#o.clock.now();
    try {
      writeFileSync(`${this.#o.file}.new`, JSON.stringify(this.#fleet.save()));
      renameSync(`${this.#o.file}.new`, this.#o.file);
    } catch (cause) {
      // The fleet goes on without: what is saved is older, and its log tells the rest.
      this.#o.onError(cause, 'the demo fleet could not be saved');
    }
  }
}
