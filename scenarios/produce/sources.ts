import type { StreamConfig } from '../../core/config/stream.ts';
import { TidewatchError } from '../../core/errors.ts';
import { type OpenRecording, openRecording, type RecordingEntry } from '../../ingest/recording.ts';
import { configOf } from '../replay/replay.ts';

export interface Sources {
  /** Of the first recording; all have its encoding. */
  config: StreamConfig;
  sources: AsyncGenerator<RecordingEntry[]>[];
  /** Share of all files that has been read, from 0 to 1. */
  readShare: () => number;
}

/** Opens recordings. Throws file_missing, recording_corrupt, request_invalid for recordings of several encodings. */
export async function openSources(recordings: readonly string[]): Promise<Sources> {
  const opened: OpenRecording[] = [];
  for (const file of recordings) opened.push(await openRecording(file));
  const [config, ...others] = opened.map(({ header }) => configOf(header));
  if (config === undefined) throw new TidewatchError('request_invalid', 'no recording was given');
  for (const { encoding } of others)
    if (encoding !== config.encoding)
      throw new TidewatchError('request_invalid', `recordings of ${config.encoding} and ${encoding} at once`);
  return {
    config,
    sources: opened.map(({ runs }) => runs),
    readShare: () => opened.reduce((sum, { readShare }) => sum + (readShare?.() ?? 1), 0) / opened.length,
  };
}

/** Append times of the first and the last record. */
export interface Span {
  firstMs: number;
  lastMs: number;
}

/** Reads recordings through. Throws request_invalid when they hold no record. */
export async function spanOf(recordings: readonly string[]): Promise<Span> {
  const span: Span = { firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY };
  for (const file of recordings) {
    const { runs } = await openRecording(file);
    for await (const run of runs)
      for (const entry of run) {
        if (entry.kind !== 'record') continue;
        span.firstMs = Math.min(span.firstMs, entry.appendMs);
        span.lastMs = Math.max(span.lastMs, entry.appendMs);
      }
  }
  if (span.lastMs < span.firstMs) throw new TidewatchError('request_invalid', 'the recordings hold no records');
  return span;
}
