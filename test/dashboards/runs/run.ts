import { PartitionsMetrics } from '../../../cli/metrics/partitions.ts';
import { PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import type { StreamConfig } from '../../../core/config/stream.ts';
import type { DecodeSink } from '../../../ingest/ports.ts';
import type { Command, MonitorState } from '../../../monitor/types.ts';
import type { FaultKind, MonitorFault } from '../../../scenarios/monitor/faults.ts';
import { SyntheticFleet } from '../../../scenarios/monitor/synthetic.ts';
import { WORLD_START_MS, World, worldConfig } from '../../../scenarios/monitor/world.ts';
import { StoredPartition, startMonitor } from '../../cli/monitor/site.ts';
import type { TestDatabase } from '../../postgres.ts';
import { makeLabel } from '../../store/monitor-make.ts';
import { Scrapes } from './scrapes.ts';

export const HOUR_MS = 3_600_000;
export const STREAM = 'shop';
const PERIOD_MS = 600_000;
const PER_HOUR = HOUR_MS / PERIOD_MS;
const ENTITIES = 12;
const SEED = 1;
/** From fewer there are no limits of drift. */
const HISTORY_DAYS = 20;
const LOOK_MS = 5;
const PATIENCE_MS = 30_000;
const POLICY = { shadow: '2h', step: '2h', steps: [0.25, 1], watch: '2h' };

export interface RunOptions {
  /** Migrated. */
  database: TestDatabase;
  /** Event time of the first record. */
  startMs?: number;
  historyDays?: number;
  /** Keys of streams[].policy that differ from the defaults. */
  policy?: Record<string, unknown>;
}

/**
 * A fleet of the scenarios, folded and watched in hours of event time: a real database, the monitor's own loop, and what a
 * Prometheus has of worker and monitor when it scrapes them once an hour. The same hours give the same figures.
 */
export class Run {
  readonly stream: StreamConfig;
  readonly scrapes = new Scrapes();
  readonly partition: StoredPartition;
  readonly #world: World;
  readonly #faults: MonitorFault[] = [];
  readonly #clock: Clock;
  readonly #worker = new PrometheusMetrics({ kind: 'worker', version: '1' });
  readonly #shown;
  #watching: ReturnType<typeof startMonitor> | null = null;
  #labels = 0;
  /** In each hour a record cannot be read and the database refuses a call; another worker does not answer. */
  #failing = false;

  private constructor({ database, startMs = WORLD_START_MS, policy = POLICY }: RunOptions) {
    this.stream = worldConfig(STREAM, policy);
    const telemetry = new SyntheticFleet(SEED, ENTITIES, PERIOD_MS);
    this.#world = new World({ telemetry, faults: this.#faults, seed: SEED, startMs });
    // sleeps are real; what is measured of work is none, so that nothing depends on the machine
    this.#clock = { now: () => this.timeMs, elapsed: () => 0, sleep: systemClock.sleep };
    const about = { metrics: this.#worker, clock: this.#clock, streams: [STREAM], sha256Of: () => 'a'.repeat(64) };
    const partitions = new PartitionsMetrics(about);
    this.#shown = partitions.open({ stream: STREAM, topic: STREAM, partition: 0, encoding: 'tidewatch_json' });
    this.partition = new StoredPartition(
      database,
      this.stream,
      (_value, _appendMs, sink) => this.#record(sink),
      () => this.timeMs + PERIOD_MS,
      { clock: this.#clock, shown: this.#shown },
    );
  }

  /** With a history and a first model, about to serve. */
  static async begin(options: RunOptions): Promise<Run> {
    const { database, historyDays = HISTORY_DAYS } = options;
    const run = new Run(options);
    const { partition, stream } = run;
    await partition.claim();
    for (let day = 0; day < historyDays; day++) await partition.records(24 * PER_HOUR);
    await partition.train();
    run.#watching = startMonitor(database, 'the one', { stream, clock: run.#clock, lookMs: LOOK_MS });
    await run.#until((state) => state.serving.champion !== null);
    return run;
  }

  /** Event time of the next record. */
  get timeMs(): number {
    return this.#world.timeMs;
  }

  /** From now on. */
  strike(...faults: FaultKind[]): void {
    for (const fault of faults) this.#faults.push({ ...fault, startMs: this.timeMs, endMs: null });
  }

  /** From now on all goes wrong that dashboards have a panel for. */
  async fail(): Promise<void> {
    const faults: FaultKind[] = [
      { kind: 'shift', rampMs: 0, sd: 1.2, metricShare: 0.5 },
      { kind: 'newcomers', share: 0.1 },
      { kind: 'delay', share: 1, byMs: HOUR_MS },
      { kind: 'delay', share: 0.05, byMs: 4 * HOUR_MS },
    ];
    this.strike(...faults);
    this.#failing = true;
    Object.assign(this.partition.work, { lag: 7, tookMs: 300, divergent: 1 });
    this.#shown.split(['node-02']);
    await this.partition.lose(3);
  }

  async command(command: Command): Promise<void> {
    const decided = await this.#watched.monitor.parts().command(STREAM, command, 'operator:ann', '');
    if (!decided.ok) throw new Error(decided.fault.detail);
  }

  /** By hand, while it judges beside the champion. */
  async promoteChallenger(): Promise<void> {
    const challenger = (await this.#state())?.serving.challenger ?? null;
    if (challenger === null) throw new Error('there is no challenger');
    const { modelId, sha256 } = challenger;
    await this.command({ kind: 'promote', model: { modelId, sha256 } });
  }

  /** Each is folded, looked at, and what was decided is done and in force before the next. */
  async hours(count: number): Promise<void> {
    for (let hour = 0; hour < count; hour++) {
      await this.#label();
      if (this.#failing) this.#shown.retried();
      await this.partition.records(PER_HOUR + (this.#failing ? 1 : 0));
      const { watermarkMs } = this.partition.fold;
      const wholeMs = Math.floor((watermarkMs - this.stream.window.sizeMs) / HOUR_MS) * HOUR_MS;
      await this.#until(({ seen, effects }) => (seen?.atMs ?? 0) >= wholeMs && effects.length === 0);
      await this.partition.follow();
      await this.#scrape();
    }
  }

  async phase(): Promise<string> {
    return (await this.#state())!.rollout.phase;
  }

  async end(): Promise<void> {
    await this.#watching?.end();
  }

  get #watched() {
    if (this.#watching === null) throw new Error('nobody watches yet');
    return this.#watching;
  }

  #state() {
    return this.#watched.stores.monitor.state(STREAM);
  }

  async #until(holds: (state: MonitorState) => boolean): Promise<void> {
    const endMs = systemClock.elapsed() + PATIENCE_MS;
    for (;;) {
      const state = await this.#state();
      if (state !== null && holds(state)) return;
      if (systemClock.elapsed() > endMs) throw new Error(`the monitor does not come to it: ${JSON.stringify(state)}`);
      await systemClock.sleep(LOOK_MS);
    }
  }

  #record(sink: DecodeSink): void {
    const bad = this.#failing && this.partition.next % (PER_HOUR + 1) === 0;
    if (bad) sink.fault({ code: 'value_not_finite', detail: 'cpu is NaN' }, { entity: 'node-01' });
    else this.#world.step(sink);
  }

  /** Somebody says of a window each hour what it was; of every second one that it was anomalous. */
  async #label(): Promise<void> {
    const n = this.#labels++;
    const toMs = this.timeMs - 2 * HOUR_MS;
    const entity = `node-${String((n % ENTITIES) + 1).padStart(2, '0')}`;
    const label = n % 2 === 0 ? 'anomalous' : 'normal';
    const about = { id: `label-${n}`, stream: STREAM, entity, label, createdMs: this.timeMs } as const;
    await this.#watched.stores.labels.add(makeLabel({ ...about, fromMs: toMs - PERIOD_MS, toMs }));
  }

  async #scrape(): Promise<void> {
    const { scrapes, timeMs } = this;
    scrapes.of({ job: 'tidewatch_worker', instance: 'one' }, timeMs, await this.#worker.text());
    if (this.#failing) scrapes.of({ job: 'tidewatch_worker', instance: 'two' }, timeMs, null);
    scrapes.of({ job: 'tidewatch_monitor', instance: 'one' }, timeMs, await this.#watched.metrics.text());
  }
}
