import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow, TidewatchError } from '../../core/errors.ts';
import type { OffsetRange } from '../../ingest/kafka/ports.ts';
import { type CaptureOptions, capture } from '../../scenarios/capture/capture.ts';
import type { CapturedPartition } from '../../scenarios/capture/partition-capture.ts';
import { type Bound, captureRanges } from '../../scenarios/capture/ranges.ts';
import { streamText } from '../../scenarios/capture/stream-text.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { progress } from '../ui/progress.ts';
import { version } from '../version.ts';
import { connect } from './connect.ts';

export interface CaptureRequest {
  topic: string;
  /** null: all of them. */
  partition: number | null;
  from: Bound;
  to: Bound;
  out: string;
  /** Name of the stream; null: the one that reads the topic. */
  stream: string | null;
  control: boolean;
  signal: AbortSignal;
  onNotice: (message: string) => void;
}

export interface CaptureSummary {
  stream: string;
  /** False where there is no database to ask for them, or nobody wanted them. */
  controlled: boolean;
  partitions: CapturedPartition[];
}

/** null when the signal aborts. */
export async function captureTopic(config: Config, request: CaptureRequest): Promise<CaptureSummary | null> {
  const { topic, signal, onNotice } = request;
  const stream = streamOf(config, topic, request.stream);
  const kafka = connect(config.kafka);
  const admin = await kafka.admin();
  let ranges: OffsetRange[];
  try {
    ranges = orThrow(await captureRanges(admin, topic, request.partition, request.from, request.to));
  } finally {
    await admin.close();
  }
  const { url } = config.database;
  if (request.control && url === undefined)
    onNotice('No database.url is configured: control entries are left out, and replays train a model of their own.');
  const pool = request.control && url !== undefined ? openPool(url, { max: 1 }) : null;
  const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const bar = progress('capture', { total, unit: 'records' });
  try {
    const sources: Pick<CaptureOptions, 'controls' | 'models'> =
      pool === null
        ? { controls: null, models: { get: async () => null } }
        : {
            controls: (partition) =>
              new PostgresPartitionStore(pool, {
                stream: stream.name,
                partition,
                clock: systemClock,
                log: silentLogger,
              }).controlEntries(0),
            models: new PostgresModelStore(pool, systemClock),
          };
    const partitions = await capture({
      kafka,
      topic,
      ranges,
      fileOf: await filesFor(request.out, topic, ranges.length),
      header: { stream: streamText(stream), createdBy: `tidewatch ${version()}` },
      ...sources,
      signal,
      onProgress: (records, bytes) => bar.update(records, `${(bytes / 1e6).toFixed(1)} MB`),
      onNotice,
    });
    return partitions && { stream: stream.name, controlled: pool !== null, partitions };
  } finally {
    bar.end();
    await pool?.end();
  }
}

/** The stream that reads a topic. Throws not_found, or request_invalid where several do. */
export function streamOf(config: Config, topic: string, name: string | null): StreamConfig {
  const names = config.streams.map((stream) => stream.name).join(', ');
  if (name !== null) {
    const named = config.streams.find((stream) => stream.name === name);
    if (named === undefined) throw new TidewatchError('not_found', `stream ${name}; there are ${names}`);
    return named;
  }
  const reading = config.streams.filter((stream) => stream.topic === topic);
  if (reading.length === 1) return reading[0]!;
  if (reading.length === 0)
    throw new TidewatchError('not_found', `a stream that reads topic ${topic}; choose one with --stream: ${names}`);
  const several = reading.map((stream) => stream.name).join(', ');
  throw new TidewatchError('request_invalid', `streams ${several} read topic ${topic}; choose one with --stream`);
}

/** A file for a single partition; a folder for several, or where there is one. */
async function filesFor(out: string, topic: string, partitions: number): Promise<(partition: number) => string> {
  const isDir = statSync(out, { throwIfNoEntry: false })?.isDirectory() ?? /[/\\]$/.test(out);
  if (partitions === 1 && !isDir) {
    await mkdir(path.dirname(out), { recursive: true });
    return () => out;
  }
  await mkdir(out, { recursive: true }).catch((cause: Error) => {
    throw new TidewatchError('request_invalid', `--out ${out}: ${partitions} partitions need a folder`, { cause });
  });
  return (partition) => path.join(out, `${topic}-${partition}.recording.gz`);
}
