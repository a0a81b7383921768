import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import type { Controller } from '../../monitor/controller/controller.ts';
import { type LookOptions, look } from '../../monitor/controller/look.ts';
import type { MonitorStores } from './stores.ts';
import type { Training } from './training.ts';

const DAY_MS = 86_400_000;
/** Quiet windows that people are asked about in a day of event time, on average. */
const OFFERS_PER_DAY = 12;

export interface TendingOptions {
  stream: StreamConfig;
  stores: Pick<MonitorStores, 'monitor' | 'models' | 'registry' | 'offers'>;
  training: Training;
  controller: Controller;
  observe: LookOptions['observe'];
  clock: Clock;
  logger: Logger;
  lookMs: number;
  /** With each look, whether there was anything to see. */
  onLooked: () => Promise<void>;
}

/** Looks after one stream for as long as this process decides. What goes wrong is told, and tried again. */
export class Tending {
  readonly #o: TendingOptions;
  readonly #logger: Logger;
  /** Told already: these stay so for a while. */
  #silent = '';

  constructor(options: TendingOptions) {
    this.#o = options;
    this.#logger = options.logger.child({ stream: options.stream.name });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, lookMs } = this.#o;
    while (!signal.aborted) {
      await this.#look(signal).catch((err) => {
        if (!signal.aborted) this.#logger.warn({ err }, 'could not look; tried again');
      });
      await clock.sleep(lookMs, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { stream, stores, controller, observe, onLooked } = this.#o;
    const { name, profile, window } = stream;
    await this.#adopt(signal);
    const looked = await look({
      stream: name,
      grainMs: profile.grainMs,
      windowMs: window.sizeMs,
      store: stores.monitor,
      controller,
      observe: async (atMs, newestMs) => {
        const seen = await observe(atMs, newestMs);
        await this.#offer(atMs, seen.observation.windows);
        return seen;
      },
      onSilent: (partitions) => this.#tellSilent(partitions),
      onPassedOver: (fromMs, toMs) =>
        this.#logger.warn({ fromMs, toMs }, 'grains were passed over: the monitor was away for too long'),
    });
    if (looked === 0) this.#silent = '';
    await onLooked();
  }

  /** The model that a stream trained by itself, or that served before there was a monitor, is its champion. */
  async #adopt(signal: AbortSignal): Promise<void> {
    const { stream, stores, training, controller } = this.#o;
    const { name } = stream;
    const state = await stores.monitor.state(name);
    if (state !== null && state.serving.champion !== null) return;
    const model = await stores.models.champion(name);
    const watermarks = [...(await stores.monitor.watermarks(name)).values()].filter(Number.isFinite);
    if (model === null || watermarks.length === 0) return;
    const atMs = Math.max(...watermarks);
    const lineage = (await stores.registry.list(name)).find(({ id }) => id === model.modelId)?.lineage ?? null;
    const command = { kind: 'adopt', model, trainedMs: lineage?.toMs ?? atMs } as const;
    const key = `adopt ${model.modelId}`;
    await controller.take(name, { kind: 'command', key, actor: 'controller', atMs, command, note: '' });
    this.#logger.info({ modelId: model.modelId }, 'the model that serves is the champion');
    await training
      .freeze(stream, { toMs: atMs, quarantine: [] }, signal)
      .catch((err) => this.#logger.warn({ err }, 'no golden set was made; the first evaluation makes it'));
  }

  /** A few quiet windows are shown to people: what alerts miss is known by these alone. */
  async #offer(atMs: number, windows: number): Promise<void> {
    const { stream, stores } = this.#o;
    const { grainMs } = stream.profile;
    if (windows === 0) return;
    const probability = Math.min(1, (OFFERS_PER_DAY * grainMs) / DAY_MS / windows);
    await stores.offers.offer(stream.name, atMs - grainMs, atMs, probability);
  }

  #tellSilent(partitions: readonly number[]): void {
    const silent = partitions.join(', ');
    if (silent !== this.#silent) this.#logger.warn({ partitions }, 'partitions are far behind and are left out');
    this.#silent = silent;
  }
}
