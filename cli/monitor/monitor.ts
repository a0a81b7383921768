import { randomUUID } from 'node:crypto';
import { fail, ok, type Result, TidewatchError } from '../../core/errors.ts';
import type { MonitorParts } from '../../monitor/api/operations/ports.ts';
import { explainDecision } from '../../monitor/ledger/explain.ts';
import { dismissalsOf } from '../../monitor/training/dismissals.ts';
import type { Decision, Input } from '../../monitor/types.ts';
import { Deciding } from './deciding.ts';
import { FiguresMetrics } from './figures-metrics.ts';
import { checkNamed, namedModel } from './named-model.ts';
import type { MonitorOptions } from './options.ts';
import { Policies } from './policies.ts';

/** While another process decides, or the database is away, it asks again after this. */
const STAND_BY_MS = 3_000;
/** Windows of an incident that its dismissal looks at. */
const MAX_WINDOWS = 1_000;

/**
 * The monitor of this process: stands by until no other one decides, then looks after all streams; at its API and its
 * webhook it is asked for things, which it hands to the controller while it is the one that decides.
 */
export class Monitor {
  readonly policies: Policies;
  readonly #o: MonitorOptions;
  readonly #figures: FiguresMetrics;
  #deciding: Deciding | null = null;

  /** Throws config_invalid for a policy that cannot be. */
  constructor(options: MonitorOptions) {
    this.#o = options;
    this.policies = new Policies(options);
    this.#figures = new FiguresMetrics(options.metrics);
  }

  /** Whether this process is the one that decides. */
  get active(): boolean {
    return this.#deciding !== null;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, lookMs } = this.#o;
    const reading = this.policies.run(signal);
    while (!signal.aborted) {
      await this.#decide(signal);
      await clock.sleep(Math.min(STAND_BY_MS, lookMs ?? STAND_BY_MS), signal);
    }
    await reading;
  }

  async #decide(signal: AbortSignal): Promise<void> {
    const { stores, owner, logger } = this.#o;
    try {
      const hold = await stores.monitor.hold(owner);
      if (hold === null) return;
      logger.info('decides from here on');
      this.#deciding = new Deciding(this.#o, hold, this.policies, this.#figures);
      await this.#deciding.run(signal);
      if (!signal.aborted) logger.warn('another may decide by now; stands by');
    } catch (err) {
      logger.warn({ err }, 'cannot decide; tried again');
    } finally {
      this.#deciding = null;
    }
  }

  /** Hands an input to the controller; stands_by while this process does not decide. */
  async take(stream: string, input: Input): Promise<Result<Decision[]>> {
    if (this.#deciding === null) return fail('stands_by', '');
    try {
      return ok(await this.#deciding.controller.take(stream, input));
    } catch (cause) {
      if (cause instanceof TidewatchError && cause.code === 'already_running') return fail('stands_by', '');
      throw cause;
    }
  }

  /** Event time up to which the stream is known; by the wall clock before there is any. */
  async eventTimeMs(stream: string): Promise<number> {
    const known = [...(await this.#o.stores.monitor.watermarks(stream)).values()].filter(Number.isFinite);
    return known.length === 0 ? this.#o.clock.now() : Math.max(...known);
  }

  /** What its API is made of. */
  parts(): MonitorParts {
    const { streams, stores, clock } = this.#o;
    const { monitor: store, registry, labels, offers, maintenance, tokens, audit, reader } = stores;
    return {
      streams: streams.map(({ name }) => name),
      store,
      registry,
      labels,
      offers,
      maintenance,
      tokens,
      audit,
      incident: (id) => reader.incident(id),
      dismissalsOf: async (incident) => {
        const { stream, entity, startMs: fromMs, lastMs: toMs } = incident;
        const rate = streams.find(({ name }) => name === stream)?.detector.alertRate;
        if (rate === undefined) return fail('not_found', `stream ${stream}`);
        const verdicts = await reader.verdicts(stream, entity, { fromMs, toMs }, MAX_WINDOWS);
        const dismissals = dismissalsOf(incident, rate, verdicts);
        return dismissals.length === 0
          ? fail('too_little_data', 'an absence, or nothing is known of what it was about; the label is kept')
          : ok(dismissals);
      },
      command: async (stream, command, actor, note) => {
        const config = streams.find(({ name }) => name === stream);
        if (config === undefined) return fail('not_found', `stream ${stream}`);
        const model = namedModel(command, command.kind === 'revert' ? await store.state(stream) : null);
        const checked = model === null ? ok(null) : await checkNamed(registry, config, model);
        if (!checked.ok) return checked;
        const [key, atMs] = [`command ${randomUUID()}`, await this.eventTimeMs(stream)];
        return this.take(stream, { kind: 'command', key, actor, atMs, command, note });
      },
      budgets: (stream) => this.policies.of(stream).config,
      explain: (entry) => explainDecision(entry, (sha256) => store.evidence(sha256)),
      now: () => clock.now(),
      newId: () => randomUUID(),
    };
  }
}
