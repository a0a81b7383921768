import type { StreamConfig } from '../../core/config/stream.ts';
import { Controller } from '../../monitor/controller/controller.ts';
import { messagesFor } from '../../monitor/controller/notify.ts';
import { retainModels } from '../../monitor/controller/retention.ts';
import type { Receiver } from '../../monitor/notify/deliver.ts';
import { incidentMessages } from '../../monitor/notify/incidents.ts';
import { covers, type MaintenanceWindow } from '../../monitor/notify/ports.ts';
import { Sender } from '../../monitor/notify/sender.ts';
import type { MonitorHold } from '../../monitor/store.ts';
import { streamOf } from '../../monitor/training/effects.ts';
import type { Decision, Effect, EffectResult, MonitorState } from '../../monitor/types.ts';
import type { FiguresMetrics } from './figures-metrics.ts';
import { observing } from './observing.ts';
import type { MonitorOptions } from './options.ts';
import type { Policies } from './policies.ts';
import { QualityWatch } from './quality-watch.ts';
import { Tending } from './tending.ts';

const LOOK_MS = 2_000;
/** Maintenance windows that are on or ahead; they are planned by people. */
const MAX_WINDOWS = 1_000;
/** Incidents of a stream that are looked at for telling. */
const MAX_INCIDENTS = 500;
/** An incident that changed longer ago in event time is no news any more. */
const TOLD_FOR_MS = 6 * 3_600_000;

/** What goes on while this process has the hold: a controller, a look at each stream, and the outbox. */
export class Deciding {
  readonly controller: Controller;
  readonly #o: MonitorOptions;
  readonly #policies: Policies;
  readonly #figures: FiguresMetrics;
  readonly #stop = new AbortController();
  #maintenance: readonly MaintenanceWindow[] = [];

  constructor(options: MonitorOptions, hold: MonitorHold, policies: Policies, figures: FiguresMetrics) {
    this.#o = options;
    this.#policies = policies;
    this.#figures = figures;
    const { stores, clock, logger } = options;
    this.controller = new Controller({
      store: stores.monitor,
      hold,
      clock,
      record: true,
      policy: policies.of,
      effects: {
        // owners of partitions look for themselves what ought to serve
        run: async (effect, signal) => (effect.kind === 'serve' ? { kind: 'served' } : this.#train(effect, signal)),
      },
      messages: (decisions, nowMs) => messagesFor(decisions.filter(this.#told), options.config.notify, nowMs),
      onDecided: (decisions, state) => this.#decided(decisions, state),
      onTrouble: (stream, { id, kind }, err) => logger.warn({ stream, effect: id, kind, err }, 'an effect failed'),
    });
    hold.lost.addEventListener('abort', () => this.#stop.abort());
    if (hold.lost.aborted) this.#stop.abort();
  }

  /** Until the signal aborts or the hold is lost; then everything of it has ended and the hold is given back. */
  async run(signal: AbortSignal): Promise<void> {
    const { streams, stores, training, clock, logger, lookMs = LOOK_MS } = this.#o;
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    this.#figures.active(true);
    const watches: QualityWatch[] = [];
    const running = streams.map(async (stream) => {
      const { name } = stream;
      const quality = new QualityWatch({ training, registry: stores.registry, logger, signal: stop });
      watches.push(quality);
      await this.#begin(name).catch((err) => logger.warn({ stream: name, err }, 'what was begun waits'));
      const observe = observing({
        stream,
        policy: () => this.#policies.of(name),
        stores,
        quality,
        onObserved: (observation) => this.#figures.observed(observation),
      });
      const onLooked = () => this.#resume(name);
      const { controller } = this;
      const about = { stream, stores, training, controller, observe, clock, logger, lookMs, onLooked };
      await new Tending(about).run(stop);
    });
    running.push(this.#sender().run(stop, (err) => logger.warn({ err }, 'the outbox could not be read')));
    running.push(this.#planned(stop, lookMs));
    try {
      await Promise.all(running);
    } finally {
      await this.controller.close();
      await Promise.all(watches.map((watch) => watch.settle()));
      this.#figures.active(false);
    }
  }

  /** What the one before has left: effects without an answer, and what is to be shown. */
  async #begin(stream: string): Promise<void> {
    const { stores } = this.#o;
    const state = await stores.monitor.state(stream);
    if (state === null) return;
    this.#figures.state(state);
    const atMs = state.seen?.atMs;
    if (atMs !== undefined)
      for (const seen of await stores.monitor.observations(stream, atMs, atMs + 1)) this.#figures.observed(seen);
    await this.controller.resume(stream);
  }

  /** An answer that could not be written is brought again. */
  async #resume(stream: string): Promise<void> {
    const state = await this.#o.stores.monitor.state(stream);
    if (state === null) return;
    this.#figures.state(state);
    if (state.effects.length > 0) await this.controller.resume(stream);
  }

  async #train(effect: Effect, signal: AbortSignal): Promise<EffectResult> {
    const stream = streamOf(effect);
    const config = this.#configOf(stream);
    if (config === null) return { kind: 'failed', code: 'not_found', detail: `stream ${stream}` };
    return this.#o.training.run(config, effect, signal);
  }

  #configOf(stream: string): StreamConfig | null {
    const configured = this.#o.streams.find(({ name }) => name === stream);
    return configured === undefined ? null : { ...configured, policy: this.#policies.of(stream).config };
  }

  /** Nobody is told of what maintenance covers; it is decided and written down all the same. */
  readonly #told = ({ stream, atMs }: Decision): boolean =>
    !this.#maintenance.some((window) => covers(window, { stream, entity: null, metric: null, atMs }));

  #decided(decisions: readonly Decision[], state: MonitorState): void {
    const { logger, stores } = this.#o;
    this.#figures.state(state);
    this.#figures.decided(decisions);
    for (const { id, stream, action, trigger, result, reason, actor } of decisions)
      logger.info({ id, stream, action, trigger, result, actor, reason }, 'decided');
    void retainModels(stores.registry, state.stream, decisions).then(
      (gone) => gone.length > 0 && logger.info({ stream: state.stream, models: gone }, 'old models were removed'),
      (err) => logger.warn({ stream: state.stream, err }, 'old models stay until the next rollout has ended'),
    );
  }

  #sender(): Sender {
    const { config, stores, clock, logger, metrics } = this.#o;
    const { receivers, secret, allowHosts, allowPrivate } = config.notify;
    const outcomes = { delivered: 'accepted', given_up: 'refused', waiting: 'unavailable' } as const;
    return new Sender({
      outbox: stores.outbox,
      clock,
      receivers: receivers.map(({ name, url }): Receiver => {
        return { name, url, secret: secret ?? null, allowHosts, allowPrivate };
      }),
      told: ({ id, receiver }, outcome, reason) => {
        metrics.count('tidewatch_notifications_total', { outcome: outcomes[outcome] });
        if (reason !== null) logger.warn({ id, receiver, outcome, reason }, 'a notification was not delivered');
      },
    });
  }

  /** Those that opened or ended lately; the outbox knows what it has told already. */
  async #tellIncidents(): Promise<void> {
    const { config, streams, stores, clock } = this.#o;
    if (!config.notify.receivers.some(({ incidents }) => incidents)) return;
    for (const { name, suppress } of streams) {
      const newestMs = Math.max(...(await stores.monitor.watermarks(name)).values());
      const all = await stores.reader.incidents({ stream: name, limit: MAX_INCIDENTS });
      const lately = all.filter(({ lastMs, resolvedMs }) => (resolvedMs ?? lastMs) >= newestMs - TOLD_FOR_MS);
      await stores.outbox.add(incidentMessages(lately, config.notify, () => suppress, this.#maintenance, clock.now()));
    }
  }

  async #planned(signal: AbortSignal, everyMs: number): Promise<void> {
    const { stores, clock, logger } = this.#o;
    while (!signal.aborted) {
      try {
        this.#maintenance = await stores.maintenance.list({ limit: MAX_WINDOWS });
      } catch (err) {
        logger.warn({ err }, 'maintenance windows could not be read; those known go on');
      }
      await this.#tellIncidents().catch((err) => logger.warn({ err }, 'incidents could not be told; tried again'));
      if (this.controller.fenced) this.#stop.abort();
      await clock.sleep(everyMs, signal);
    }
  }
}
