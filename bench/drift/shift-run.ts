import { type StreamConfig, streamConfig } from '../../core/config/stream.ts';
import { orThrow, TidewatchError } from '../../core/errors.ts';
import type { Sample } from '../../core/types.ts';
import { loadModel } from '../../detector/model.ts';
import { modelIdOf, OfflineRun, trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import type { ObserveInput } from '../../monitor/figures/input.ts';
import { encodeKey, encodeTidewatchJson } from '../../scenarios/encode.ts';
import type { Telemetry } from '../../scenarios/monitor/telemetry.ts';
import { USUAL } from '../../scenarios/monitor/telemetry.ts';
import type { Shift, Site } from './draws.ts';
import { Grains } from './grains.ts';

const DAY_MS = 86_400_000;
const INTERVAL_MS = 6 * 3_600_000;
const GRAIN_MS = 3_600_000;
/** A Monday. */
const START_MS = Date.UTC(2026, 0, 5);
/** Before the interval a week ago, so that forecasts have their histories. */
const WARM_UP_MS = DAY_MS;

export interface FleetModel {
  name: string;
  config: StreamConfig;
  make: (seed: number) => Telemetry;
  artifact: Uint8Array;
  reference: ReferenceProfile;
  sds: Float64Array;
  trainDays: number;
}

/** Trains a model on the first days of a fleet. */
export function trainFleet(name: string, make: (seed: number) => Telemetry, days: number): FleetModel {
  const config = streamConfig.parse({
    name: 'shifts',
    window: { size: '10m', allowedLateness: '10m' },
    training: { minWindows: 256 },
  });
  const rows: TrainingRow[] = [];
  const telemetry = make(0);
  const cells = telemetry.entities.length * telemetry.metrics.length;
  const sums = [new Float64Array(cells), new Float64Array(cells), new Float64Array(cells)] as const;
  const run = new OfflineRun({ config, decoder: decoderFor(config), selfTrain: false, keepRows: true });
  const feeder = new Feeder(run, telemetry, null, START_MS);
  feeder.to(START_MS + days * DAY_MS, (values) => {
    for (let k = 0; k < values.length; k++) {
      if (Number.isNaN(values[k]!)) continue;
      sums[0][k]!++;
      sums[1][k]! += values[k]!;
      sums[2][k]! += values[k]! ** 2;
    }
  });
  run.finish(feeder.offset);
  rows.push(...run.rows);
  const { artifact } = orThrow(trainArtifact(rows, config));
  const { reference } = orThrow(loadModel(artifact));
  if (reference === null) throw new TidewatchError('too_little_data', `${name} has a model without a reference`);
  const sds = sums[1].map((sum, k) => {
    const n = Math.max(1, sums[0][k]!);
    return Math.sqrt(Math.max(0, sums[2][k]! / n - (sum / n) ** 2));
  });
  return { name, config, make, artifact, reference, sds, trainDays: days };
}

/** Sends the periods of a fleet, with a shift laid over. */
class Feeder {
  readonly #run: OfflineRun;
  readonly #telemetry: Telemetry;
  readonly #shift: { is: Shift; sds: Float64Array } | null;
  readonly #values: Float64Array;
  readonly #everyone: readonly { like: number; name: string | null; scale: number }[];
  #waiting: { dueMs: number; sample: Sample }[] = [];
  #timeMs: number;
  offset = 0;

  constructor(run: OfflineRun, telemetry: Telemetry, shift: { is: Shift; sds: Float64Array } | null, fromMs: number) {
    this.#run = run;
    this.#telemetry = telemetry;
    this.#shift = shift;
    this.#values = new Float64Array(telemetry.entities.length * telemetry.metrics.length);
    this.#everyone = telemetry.entities.map((_, like) => ({ like, name: null, scale: 1 }));
    this.#timeMs = fromMs;
  }

  to(toMs: number, seen?: (values: Float64Array) => void): void {
    const { periodMs } = this.#telemetry;
    for (; this.#timeMs < toMs; this.#timeMs += periodMs) {
      this.#telemetry.read(this.#timeMs, USUAL, this.#values);
      seen?.(this.#values);
      const due = this.#waiting.filter((held) => held.dueMs <= this.#timeMs).sort((a, b) => a.dueMs - b.dueMs);
      if (due.length > 0) this.#waiting = this.#waiting.filter((held) => held.dueMs > this.#timeMs);
      for (const { sample } of due) this.#send(sample);
      for (const one of this.#shift?.is.roster?.(this.#timeMs) ?? this.#everyone) this.#emit(one);
    }
  }

  #emit({ like, name, scale }: { like: number; name: string | null; scale: number }): void {
    const { entities, metrics } = this.#telemetry;
    const timeMs = this.#timeMs;
    const shift = this.#shift?.is;
    const sample: Sample = { entity: name ?? entities[like]!, timeMs, names: [], values: [] };
    for (let c = 0; c < metrics.length; c++) {
      const at = like * metrics.length + c;
      const cell = { entity: like, metric: c, timeMs, value: this.#values[at]!, sd: this.#shift?.sds[at] ?? 0 };
      const value = scale * (shift?.value?.(cell) ?? cell.value);
      const sentAs = shift?.name === undefined ? metrics[c]! : shift.name(like, c, timeMs);
      if (sentAs === null || Number.isNaN(value)) continue;
      sample.names.push(sentAs);
      sample.values.push(value);
    }
    const extra = shift?.extra?.(like, timeMs) ?? null;
    if (extra !== null) {
      sample.names.push(extra.name);
      sample.values.push(extra.value);
    }
    const delayMs = shift?.delayMs === undefined ? 0 : shift.delayMs(like, timeMs);
    if (delayMs === 0) this.#send(sample);
    else if (delayMs !== null) this.#waiting.push({ dueMs: timeMs + delayMs, sample });
  }

  #send(sample: Sample): void {
    if (sample.names.length === 0) return;
    const record = { key: encodeKey(sample.entity), value: encodeTidewatchJson(sample) };
    this.#run.record({ offset: this.offset++, appendMs: this.#timeMs, ...record });
  }
}

/** What the monitor is given of the interval that a shift was made for. seed: which stretch of the telemetry it befalls. */
export function shiftedInput(
  model: FleetModel,
  seed: number,
  draw: (site: Site) => Shift,
): { shift: Shift; input: ObserveInput } {
  const telemetry = model.make(seed);
  const { metrics, lively, periodMs, entities } = telemetry;
  // Stretches of the telemetry that follow training, so far apart that two of them share nothing; at any time of day.
  const atMs = START_MS + (model.trainDays + 9 + 9 * (seed % 400)) * DAY_MS + (1 + (seed % 4)) * INTERVAL_MS;
  const site: Site = {
    entities: entities.length,
    metrics,
    lively: lively.map((name) => metrics.indexOf(name)),
    varied: metrics.flatMap((_, c) => {
      const moving = entities.filter((__, e) => model.sds[e * metrics.length + c]! > 0).length;
      return moving > entities.length / 2 ? [c] : [];
    }),
    atMs,
    intervalMs: INTERVAL_MS,
    periodMs,
  };
  const shift = draw(site);
  const { reference } = model;
  const grains = new Grains(reference, INTERVAL_MS, GRAIN_MS);
  const run = new OfflineRun({
    config: model.config,
    decoder: decoderFor(model.config),
    selfTrain: false,
    onOutputs: (out) => grains.take(out.profiles),
  });
  run.serve(model.artifact, 0);
  const fromMs = atMs - 7 * DAY_MS - INTERVAL_MS - WARM_UP_MS;
  // The newest grain closes when its windows have, which the lateness that they allow for comes after.
  const feeder = new Feeder(run, telemetry, { is: shift, sds: model.sds }, fromMs);
  feeder.to(atMs + GRAIN_MS);
  return { shift, input: grains.input(model.config, modelIdOf(model.artifact), atMs) };
}
