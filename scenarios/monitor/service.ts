import type { StreamConfig } from '../../core/config/stream.ts';
import type { ControlChange, ControlEntry, Incident, Verdict } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { type Decoder, type LogRecord, noOutputs, type Outputs } from '../../ingest/ports.ts';
import type { Judged } from '../../monitor/memory/labels.ts';
import type { MonitorTables } from '../../monitor/memory/tables.ts';

/** One partition, as a worker serves it: what it judged is kept here, what the monitor reads goes into its tables. */
export class Service implements Judged {
  readonly fold: Fold;
  readonly #config: StreamConfig;
  readonly #tables: MonitorTables;
  readonly #onVerdict: (verdict: Verdict) => void;
  readonly #verdicts: Verdict[] = [];
  readonly #incidents = new Map<string, Incident>();
  #offset = 0;

  constructor(
    config: StreamConfig,
    decoder: Decoder,
    tables: MonitorTables,
    onVerdict: (verdict: Verdict) => void = () => undefined,
  ) {
    this.#config = config;
    this.#tables = tables;
    this.#onVerdict = onVerdict;
    this.fold = new Fold(config, decoder);
  }

  verdicts(): Iterable<Verdict> {
    return this.#verdicts;
  }

  incidents(): Iterable<Incident> {
    return this.#incidents.values();
  }

  record(record: LogRecord): void {
    const out = noOutputs();
    this.fold.record(record, out);
    this.#offset = record.offset + 1;
    this.#take(out);
  }

  /** Appends a control entry and folds it, as the owner of a partition does. model: the artifact that it names. */
  control(change: ControlChange, model?: Uint8Array): void {
    const out = noOutputs();
    const entry: ControlEntry = { ...change, offset: this.#offset, sequence: this.fold.controlSequence + 1 };
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
    for (const verdict of out.verdicts) this.#onVerdict(verdict);
    this.#tables.addProfiles(out.profiles);
    this.#tables.setWatermark(this.#config.name, 0, this.fold.watermarkMs);
  }
}
