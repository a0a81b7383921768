import { type StreamConfig, streamConfig } from '../../core/config/stream.ts';
import type { Incident, Verdict } from '../../core/types.ts';
import { OfflineRun, trainArtifact } from '../../detector/offline.ts';
import type { DecodeSink, LogRecord } from '../../ingest/ports.ts';
import type { FaultRequest } from '../../monitor/ports.ts';
import { FaultInjector } from '../../scenarios/faults/injector.ts';
import { Fleet } from '../../scenarios/fleet/fleet.ts';
import { FLEET_ENTITIES, METRICS } from '../../scenarios/fleet/services.ts';

const HOUR_MS = 3_600_000;
const STEP_MS = 5_000;
/** A Monday. */
export const START_MS = Date.UTC(2024, 0, 1);

/** The demo fleet lived through for some hours, trained upon, and lived on with faults, at production settings. */
export class FleetRun {
  readonly config: StreamConfig = streamConfig.parse({ name: 'demo' });
  readonly verdicts: Verdict[] = [];
  readonly incidents: Incident[] = [];
  readonly #fleet: Fleet;
  readonly #injector: FaultInjector;
  readonly #run: OfflineRun;
  #offset = 0;

  constructor(seed: number, trainingHours: number, startMs = START_MS) {
    this.#fleet = new Fleet({ seed, startMs, stepMs: STEP_MS });
    this.#injector = new FaultInjector(
      seed,
      FLEET_ENTITIES.map((entity): [string, readonly string[]] => [entity, METRICS]),
    );
    const decoder = (_value: Uint8Array, _appendMs: number, sink: DecodeSink) =>
      this.#fleet.step({
        sample: (sample) => this.#injector.apply(sample, sink),
        event: (event) => this.#injector.event(event, sink),
      });
    const history = new OfflineRun({ config: this.config, decoder, selfTrain: false, keepRows: true });
    this.#live(history, trainingHours);
    const trained = trainArtifact(history.rows, this.config, 'profile');
    if (!trained.ok) throw new Error(trained.fault.detail);
    this.#run = new OfflineRun({
      config: this.config,
      decoder,
      selfTrain: false,
      onOutputs: (out) => {
        this.verdicts.push(...out.verdicts);
        this.incidents.push(...out.incidents);
      },
    });
    this.#run.serve(trained.value.artifact, 0);
    this.live(0.25);
  }

  get nowMs(): number {
    return this.#fleet.timeMs;
  }

  live(hours: number): void {
    this.#live(this.#run, hours);
  }

  #live(run: OfflineRun, hours: number): void {
    const record: LogRecord = { offset: this.#offset, appendMs: 0, key: null, value: new Uint8Array(0) };
    for (const endMs = this.#fleet.timeMs + hours * HOUR_MS; this.#fleet.timeMs < endMs; record.offset++) {
      record.appendMs = this.#fleet.timeMs;
      run.record(record);
    }
    this.#offset = record.offset;
  }

  inject(request: FaultRequest): void {
    const injected = this.#injector.inject(request, this.nowMs);
    if (!injected.ok) throw new Error(injected.fault.detail);
  }
}
