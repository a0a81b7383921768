import type { StreamConfig } from '../../core/config/stream.ts';
import { TidewatchError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import { modelIdOf, trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import type { LogRecord } from '../../ingest/ports.ts';
import { openRecording } from '../../ingest/recording.ts';
import type { Policy } from '../../monitor/decide/types.ts';
import { MemoryLabels } from '../../monitor/memory/labels.ts';
import { MemoryMonitorStore } from '../../monitor/memory/monitor-store.ts';
import { MonitorTables } from '../../monitor/memory/tables.ts';
import { MemoryTrainingData } from '../../monitor/memory/training-data.ts';
import type { Decision, Input } from '../../monitor/types.ts';
import { configOf } from '../replay/replay.ts';
import { effectsOf } from './effects.ts';
import { MonitorProcess } from './monitor-process.ts';
import { Service } from './service.ts';

/** Looks that a recording is cut into, about, when its own grain is longer than that allows; grains of an interval. */
const LOOKS = 48;
const GRAINS_PER_INTERVAL = 6;
const LEAST_GRAIN_MS = 10_000;

export interface MonitoredRecording {
  stream: string;
  policy: Policy;
  inputs: readonly Input[];
  decisions: readonly Decision[];
}

/**
 * Replays a recording with its monitor beside it. The stream trains its first model as a running one does; grain and
 * interval are as configured where the recording is long enough for them, else as short as gives it LOOKS looks.
 */
export async function monitorRecording(file: string): Promise<MonitoredRecording> {
  const { header, entries } = await openRecording(file);
  const records: LogRecord[] = [];
  for await (const entry of entries) if (entry.kind === 'record') records.push(entry);
  const spanMs = (records.at(-1)?.appendMs ?? 0) - (records[0]?.appendMs ?? 0);
  const config = fitted(configOf(header), spanMs);
  let nowMs = 0;
  const now = () => nowMs;
  const tables = new MonitorTables();
  const rows: TrainingRow[] = [];
  const service = new Service(config, decoderFor(config), tables, ({ entity, windowStartMs, readings }) =>
    rows.push({ entity, windowStartMs, features: readings.features, values: readings.values }),
  );
  const data = new MemoryTrainingData(service, new MemoryLabels({ now }, service));
  const effects = effectsOf({ config, tables, data, now });
  const monitor = new MonitorProcess({ config, tables, service, effects, now, dies: false });
  let trained = false;
  for (const record of records) {
    nowMs = record.appendMs;
    service.record(record);
    if (!trained && service.fold.longestHistory >= config.training.windows) {
      trained = true;
      await begin(config, rows, tables, monitor, service.fold.watermarkMs);
    }
    await monitor.lookWhenDue();
  }
  const ledger = await new MemoryMonitorStore(tables, { now }).ledger({});
  return {
    stream: config.name,
    policy: monitor.policy,
    inputs: monitor.inputs,
    decisions: ledger.map(({ decision }) => decision),
  };
}

async function begin(
  config: StreamConfig,
  rows: readonly TrainingRow[],
  tables: MonitorTables,
  monitor: MonitorProcess,
  atMs: number,
): Promise<void> {
  const trained = trainArtifact(rows, config, 'online');
  if (!trained.ok) throw new TidewatchError(trained.fault.code, trained.fault.detail);
  const { artifact } = trained.value;
  const id = modelIdOf(artifact);
  tables.addModel({ id, stream: config.name, artifact, lineage: null, createdMs: atMs });
  await monitor.adopt({ modelId: id, sha256: sha256Hex(artifact) }, atMs);
}

function fitted(config: StreamConfig, spanMs: number): StreamConfig {
  if (spanMs >= LOOKS * config.profile.grainMs) return config;
  const least = Math.max(LEAST_GRAIN_MS, config.window.sizeMs);
  const grainMs = Math.max(least, Math.floor(spanMs / LOOKS / least) * least);
  return { ...config, profile: { ...config.profile, grainMs, intervalMs: GRAINS_PER_INTERVAL * grainMs } };
}
