import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { type StreamConfig, streamConfig } from '../../core/config/stream.ts';
import { describe, TidewatchError } from '../../core/errors.ts';
import type { ControlEntry, Incident } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { OfflineRun } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { verifiedChange } from '../../ingest/model-check.ts';
import type { Outputs } from '../../ingest/ports.ts';
import { openRecording, type RecordingHeader } from '../../ingest/recording.ts';
import { parseControl, RecordedModel } from './controls.ts';
import {
  DISPOSITIONS_FILE,
  dispositionLines,
  INCIDENTS_FILE,
  incidentLine,
  VERDICT_COLUMNS,
  VERDICTS_FILE,
  verdictLine,
} from './flat-files.ts';

export interface RunOptions {
  /**
   * Serves from the first record to the last, whatever was switched to in the recording. Without one the recorded
   * switches are followed; where control entries were not captured, the stream trains its own after training.windows.
   */
  model?: Uint8Array;
  /** Keep the readings of all windows, for training; then no model is trained on the way, and recorded switches are skipped. */
  keepRows?: boolean;
  onOutputs?: (outputs: Outputs) => Promise<void> | void;
  /** Called about every thousand records. */
  onProgress?: (records: number, eventMs: number) => void;
}

/** Entries that a run with a model of its own, or without any, leaves out. */
const ABOUT_MODELS: ReadonlySet<ControlEntry['kind']> = new Set(['model', 'challenger', 'calibration'] as const);

export interface RunResult {
  config: StreamConfig;
  run: OfflineRun;
  records: number;
  verdicts: number;
  /** Recorded changes of models and calibrations that cannot be in force: what served before went on, as it would live. */
  refused: string[];
}

/** The stream's configuration in a recording's header. Throws recording_corrupt. */
export function configOf(header: RecordingHeader): StreamConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(header.stream);
  } catch (cause) {
    throw new TidewatchError('recording_corrupt', 'its stream configuration is not JSON', { cause });
  }
  const config = streamConfig.safeParse(parsed);
  if (config.success) return config.data;
  const [issue] = config.error.issues;
  throw new TidewatchError(
    'recording_corrupt',
    `its stream configuration: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

/** Runs a recording through the fold that serves, from its first entry to its last. */
export async function runRecording(file: string, options: RunOptions = {}): Promise<RunResult> {
  const { keepRows = false } = options;
  const { header, entries } = await openRecording(file);
  const config = configOf(header);
  let pending: Outputs[] = [];
  let verdicts = 0;
  const decoder = decoderFor(config);
  const run = new OfflineRun({
    config,
    decoder,
    selfTrain: options.model === undefined && !keepRows && !header.controlled,
    keepRows,
    onOutputs: (outputs) => {
      verdicts += outputs.verdicts.length;
      pending.push(outputs);
    },
  });
  if (options.model !== undefined) run.serve(options.model, 0);
  const recorded = new RecordedModel();
  const skipsSwitches = keepRows || options.model !== undefined;
  const refused: string[] = [];
  const control = async (json: string) => {
    const entry = parseControl(json);
    if (entry.kind === 'artifact') return recorded.take(entry);
    if (skipsSwitches && ABOUT_MODELS.has(entry.kind)) return;
    const verified = await verifiedChange(entry, recorded.get, () => new Fold(config, decoder));
    if (verified.ok) run.control(entry, verified.value ?? undefined);
    else refused.push(describe(verified.fault));
  };
  let records = 0;
  let offset = 0;
  const drain = async () => {
    const batch = pending;
    pending = [];
    for (const outputs of batch) await options.onOutputs?.(outputs);
  };
  for await (const entry of entries) {
    if (entry.kind === 'control') await control(entry.json);
    else {
      run.record(entry);
      offset = entry.offset + 1;
      if (++records % 1000 === 0) options.onProgress?.(records, run.fold.watermarkMs);
    }
    if (pending.length > 0) await drain();
  }
  // what was captured whole ends where the worker stood
  if (!header.controlled) run.finish(offset);
  await drain();
  return { config, run, records, verdicts, refused };
}

export interface ReplaySummary {
  records: number;
  verdicts: number;
  incidents: number;
  trainingFault: string | null;
  refused: string[];
}

/**
 * Replays a recording into flat files: a verdict a line in the order in which they came, incidents in their final state
 * by start, and the dispositions. The same recording and model give the same bytes.
 */
export async function replay(
  file: string,
  outDir: string,
  options: Omit<RunOptions, 'onOutputs'> = {},
): Promise<ReplaySummary> {
  await mkdir(outDir, { recursive: true });
  const out = createWriteStream(path.join(outDir, VERDICTS_FILE));
  out.write(`${VERDICT_COLUMNS}\n`);
  const incidents = new Map<string, Incident>();
  const result = await runRecording(file, {
    ...options,
    onOutputs: async (outputs) => {
      for (const incident of outputs.incidents) incidents.set(incident.id, incident);
      const lines = outputs.verdicts.map((v) => `${verdictLine(v)}\n`).join('');
      if (lines !== '' && !out.write(lines)) await once(out, 'drain');
    },
  });
  out.end();
  await finished(out);
  const sorted = [...incidents.values()].sort((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1));
  await writeFile(path.join(outDir, INCIDENTS_FILE), sorted.map((i) => `${incidentLine(i)}\n`).join(''));
  await writeFile(path.join(outDir, DISPOSITIONS_FILE), `${dispositionLines(result.run.fold.counters).join('\n')}\n`);
  const fault = result.run.trainingFault;
  return {
    records: result.records,
    verdicts: result.verdicts,
    incidents: incidents.size,
    refused: result.refused,
    trainingFault: fault === null ? null : `${fault.code}: ${fault.detail}`,
  };
}

/** The readings of all windows of a recording, for training. */
export async function readingsOf(
  file: string,
  onProgress?: RunOptions['onProgress'],
): Promise<{ config: StreamConfig; rows: TrainingRow[] }> {
  const { config, run } = await runRecording(file, {
    keepRows: true,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return { config, rows: run.rows };
}
