import type { StreamConfig } from '../../core/config/stream.ts';
import type { ControlChange, ControlEntry, Incident, Verdict } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { type LogRecord, noOutputs, type Outputs } from '../../ingest/ports.ts';
import type { Judged } from '../../monitor/memory/labels.ts';
import type { MonitorTables } from '../../monitor/memory/tables.ts';
import type { SampleSink } from '../sink.ts';
import type { PhaseCounts } from './phases.ts';
import type { World } from './world.ts';

/** One partition, as a worker serves it, without the bytes in between: the world steps straight into the fold. */
export class Service implements Judged {
  readonly fold: Fold;
  readonly phases: PhaseCounts;
  readonly #config: StreamConfig;
  readonly #world: World;
  readonly #tables: MonitorTables;
  readonly #verdicts: Verdict[] = [];
  readonly #incidents = new Map<string, Incident>();
  readonly #record: LogRecord = { offset: 0, appendMs: 0, key: null, value: new Uint8Array(0) };
  pointsSent = 0;

  constructor(config: StreamConfig, world: World, tables: MonitorTables, phases: PhaseCounts) {
    this.#config = config;
    this.#world = world;
    this.#tables = tables;
    this.phases = phases;
    this.fold = new Fold(config, (_value, _appendMs, sink) => world.step(this.#counting(sink)));
  }

  verdicts(): Iterable<Verdict> {
    return this.#verdicts;
  }

  incidents(): Iterable<Incident> {
    return this.#incidents.values();
  }

  /** Folds the next step of the world. A period is appended when it is over. */
  step(): void {
    const out = noOutputs();
    this.#record.appendMs = this.#world.timeMs + this.#world.periodMs;
    this.fold.record(this.#record, out);
    this.#record.offset++;
    this.#take(out);
  }

  /** Appends a control entry and folds it, as the owner of a partition does. model: the artifact that it names. */
  control(change: ControlChange, model?: Uint8Array): void {
    const out = noOutputs();
    const entry: ControlEntry = { ...change, offset: this.#record.offset, sequence: this.fold.controlSequence + 1 };
    this.fold.control(entry, out, model);
    this.#take(out);
  }

  get pointsCounted(): number {
    const { applied, late, duplicate, dead_lettered, filtered } = this.fold.counters;
    return applied + late + duplicate + dead_lettered + filtered;
  }

  #take(out: Outputs): void {
    this.#verdicts.push(...out.verdicts);
    for (const incident of out.incidents) this.#incidents.set(incident.id, incident);
    for (const verdict of out.verdicts) this.phases.verdict(verdict);
    this.#tables.addProfiles(out.profiles);
    this.#tables.setWatermark(this.#config.name, 0, this.fold.watermarkMs);
  }

  #counting(sink: SampleSink): SampleSink {
    return {
      sample: (sample) => {
        this.pointsSent += sample.names.length;
        this.phases.points(sample.timeMs, sample.names.length);
        sink.sample(sample);
      },
      event: (event) => sink.event(event),
    };
  }
}
