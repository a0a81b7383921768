import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import { changesTowards, inForceOf } from '../../detector/serving.ts';
import { Controller } from '../../monitor/controller/controller.ts';
import { look, newestWhole } from '../../monitor/controller/look.ts';
import type { EffectRunner } from '../../monitor/controller/ports.ts';
import { policyOf } from '../../monitor/decide/policy.ts';
import type { Policy } from '../../monitor/decide/types.ts';
import type { ObserveInput } from '../../monitor/figures/input.ts';
import { MemoryMonitorStore } from '../../monitor/memory/monitor-store.ts';
import type { MonitorTables } from '../../monitor/memory/tables.ts';
import type { Decision, Input, ModelRef } from '../../monitor/types.ts';
import { Killer } from './killer.ts';
import { type Observer, observerOf } from './observer.ts';
import { Recorder } from './recorder.ts';
import type { Service } from './service.ts';

export interface MonitorProcessOptions {
  config: StreamConfig;
  policy?: Policy;
  tables: MonitorTables;
  service: Service;
  effects: EffectRunner;
  /** Event time. */
  now: () => number;
  /** How the champion does of late; left out: nobody measures it. */
  quality?: (atMs: number) => Promise<ObserveInput['quality']>;
  /** Whether the process dies at each of its steps. */
  dies: boolean;
  onDecided?: (decisions: readonly Decision[]) => void;
}

/** The monitor of one stream, in lock-step with its service: it looks when a grain is whole, and waits for what it began. */
export class MonitorProcess {
  readonly #o: MonitorProcessOptions;
  readonly #policy: Policy;
  readonly #clock: Clock;
  readonly #store: MemoryMonitorStore;
  readonly #recorder = new Recorder();
  readonly #killer: Killer | null;
  readonly #observe: Observer;
  #controller: Controller | null = null;
  #seenMs = Number.NEGATIVE_INFINITY;
  looks = 0;

  constructor(options: MonitorProcessOptions) {
    const { config, tables, now } = options;
    this.#o = options;
    this.#policy = options.policy ?? orThrow(policyOf(config.policy));
    // what takes wall-clock time takes none here, so that the ledger does not depend on the machine
    this.#clock = { now, elapsed: () => 0, sleep: async () => undefined };
    this.#store = new MemoryMonitorStore(tables, this.#clock);
    this.#killer = options.dies ? new Killer() : null;
    this.#observe = observerOf(config, this.#policy, this.#store, tables, async (atMs) =>
      options.quality === undefined ? null : options.quality(atMs),
    );
  }

  get kills(): number {
    return this.#killer?.kills ?? 0;
  }

  get inputs(): readonly Input[] {
    return this.#recorder.inputs;
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Puts the first model in force. It is in the registry already. */
  async adopt(model: ModelRef, trainedMs: number): Promise<void> {
    const { config } = this.#o;
    const input = this.#recorder.command('adopt', trainedMs, { kind: 'adopt', model, trainedMs });
    await this.#live(async (controller) => {
      await controller.take(config.name, input);
    });
  }

  /** Looks if a grain has become whole, and brings the service to what is decided. */
  async lookWhenDue(): Promise<void> {
    const { config } = this.#o;
    const { grainMs } = config.profile;
    const windowMs = config.window.sizeMs;
    const { atMs } = newestWhole(await this.#store.watermarks(config.name), grainMs, windowMs);
    if (atMs === null || atMs <= this.#seenMs) return;
    this.#seenMs = atMs;
    await this.#live(async (controller) => {
      this.looks += await look({
        stream: config.name,
        grainMs,
        windowMs,
        store: this.#store,
        controller,
        observe: this.#observe,
      });
    });
  }

  /** Does something with a controller that is alive; while it dies of it, with the next one. */
  async #live(work: (controller: Controller) => Promise<void>): Promise<void> {
    for (;;) {
      const done = (async () => {
        this.#controller ??= await this.#start();
        await work(this.#controller);
        await this.#controller.settle();
      })();
      if (this.#killer === null) {
        await done;
        break;
      }
      if (await this.#killer.survives(done)) break;
      this.#controller = null;
      this.#o.tables.loseHold();
    }
    await this.#serve();
  }

  async #start(): Promise<Controller> {
    const { config, effects, onDecided } = this.#o;
    const hold = this.#recorder.hold((await this.#store.hold('scenario'))!);
    const runner = this.#recorder.effects(effects);
    const killer = this.#killer;
    const controller = new Controller({
      store: this.#store,
      hold: killer === null ? hold : killer.hold(hold),
      effects: killer === null ? runner : killer.effects(runner),
      clock: this.#clock,
      policy: () => this.#policy,
      messages: () => [],
      onDecided: (decisions) => onDecided?.(decisions),
      onTrouble: (_stream, effect, cause) => {
        throw new Error(`${effect.kind} of ${effect.decision} failed`, { cause });
      },
    });
    await controller.resume(config.name);
    return controller;
  }

  /** Appends the control entries that lead to what ought to be in force, as the owner of the partition does. */
  async #serve(): Promise<void> {
    const { config, service, tables } = this.#o;
    const serving = await this.#store.serving(config.name);
    if (serving === null) return;
    for (const change of changesTowards(inForceOf(service.fold.state), serving)) {
      const modelId = 'modelId' in change ? change.modelId : '';
      service.control(change, tables.models.get(modelId)?.artifact);
    }
  }
}
