import { type StreamConfig, streamConfig } from '../../../core/config/stream.ts';
import { orThrow } from '../../../core/errors.ts';
import type { IntervalProfile } from '../../../core/types.ts';
import { loadModel, type StreamModel } from '../../../detector/model.ts';
import { OfflineRun, trainArtifact } from '../../../detector/offline.ts';
import type { DecodeSink } from '../../../ingest/ports.ts';
import { gather, gatherRange } from '../../../monitor/figures/gather.ts';
import type { LabelledWindow, ObserveInput } from '../../../monitor/figures/input.ts';
import { Fleet } from '../../../scenarios/fleet/fleet.ts';

export const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 5);
export const STEP_MS = 300_000;
const TRAIN_DAYS = 12;
export const SERVE_DAYS = 10;

export const CONFIG: StreamConfig = streamConfig.parse({
  name: 'fleet',
  window: { size: '10m', allowedLateness: '0s' },
  training: { windows: 256, minWindows: 256 },
});

type Bend = (entity: string, metric: string, value: number, timeMs: number) => number | null;

/** Ten days of the demo fleet in ten-minute windows, served by a model of twelve; bend alters what is sent. */
export function served(bend: Bend = (_e, _m, value) => value) {
  const { artifact, model, endMs } = trained();
  const profiles: IntervalProfile[] = [];
  const run = new OfflineRun({
    config: CONFIG,
    decoder: steps(new Fleet({ seed: 8, startMs: endMs, stepMs: STEP_MS }), bend),
    selfTrain: false,
    onOutputs: (outputs) => profiles.push(...outputs.profiles),
  });
  run.serve(artifact, 0);
  feed(run, endMs, SERVE_DAYS);
  return { profiles, model, startMs: endMs, endMs: endMs + SERVE_DAYS * 24 * HOUR_MS };
}

let made: { artifact: Uint8Array; model: StreamModel; endMs: number } | null = null;
export function trained() {
  if (made !== null) return made;
  const fleet = new Fleet({ seed: 7, startMs: START_MS, stepMs: STEP_MS });
  const run = new OfflineRun({
    config: CONFIG,
    decoder: steps(fleet, (_e, _m, v) => v),
    selfTrain: false,
    keepRows: true,
  });
  feed(run, START_MS, TRAIN_DAYS);
  const { artifact } = orThrow(trainArtifact(run.rows, CONFIG));
  made = { artifact, model: orThrow(loadModel(artifact)), endMs: START_MS + TRAIN_DAYS * 24 * HOUR_MS };
  return made;
}

const steps = (fleet: Fleet, bend: Bend) => (_value: Uint8Array, _appendMs: number, sink: DecodeSink) =>
  fleet.step({
    // counts of log events are metrics too, which a fold that begins anew lacks until the first one
    event: () => undefined,
    sample: (sample) => {
      const names: string[] = [];
      const values: number[] = [];
      sample.names.forEach((name, i) => {
        const value = bend(sample.entity, name, sample.values[i]!, sample.timeMs);
        if (value === null) return;
        names.push(name);
        values.push(value);
      });
      sink.sample({ entity: sample.entity, timeMs: sample.timeMs, names, values });
    },
  });

function feed(run: OfflineRun, fromMs: number, days: number): void {
  const records = (days * 24 * HOUR_MS) / STEP_MS;
  for (let offset = 0; offset < records; offset++)
    run.record({ offset, appendMs: fromMs + offset * STEP_MS, key: null, value: new Uint8Array(0) });
}

export function inputAt(
  { profiles, model }: Pick<ReturnType<typeof served>, 'profiles' | 'model'>,
  atMs: number,
  labels: readonly LabelledWindow[] = [],
): ObserveInput {
  const { fromMs, toMs } = gatherRange(CONFIG, atMs);
  return gather({
    stream: CONFIG,
    policy: CONFIG.policy,
    atMs,
    newestMs: atMs,
    profiles: profiles.filter((p) => p.startMs >= fromMs && p.startMs < toMs),
    referenceOf: (modelId) => (modelId === '' ? null : model.reference),
    labels,
    latencyP99Ms: null,
    quality: null,
    trainedMs: null,
  });
}
