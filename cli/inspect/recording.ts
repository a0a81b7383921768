import { Readable } from 'node:stream';
import { ok, type Result } from '../../core/errors.ts';
import type { LogEvent, Sample } from '../../core/types.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { readRecording } from '../../ingest/recording.ts';
import { configOf } from '../../scenarios/replay/replay.ts';
import type { Facts } from './facts.ts';

/** First bytes of gzip. */
export const RECORDING_MAGIC = '\x1f\x8b';
/** Names that are kept of a recording; beyond, they are only said to be more. */
const MAX_NAMES = 100_000;

/** What a recording holds, after every checksum in it. Throws recording_corrupt with the position. */
export async function recordingFacts(bytes: Uint8Array): Promise<Result<Facts>> {
  const { header, entries } = await readRecording(Readable.from([bytes]), 'the recording');
  const config = configOf(header);
  const decode = decoderFor(config);
  const entities = new Names();
  const metrics = new Names();
  const counts = { records: 0, points: 0, events: 0, refused: 0, valueBytes: 0 };
  const controls: Record<string, number> = {};
  const sink = {
    sample: ({ entity, names }: Sample) => {
      entities.add(entity);
      counts.points += names.length;
      for (const name of names) metrics.add(name);
    },
    cumulative: ({ entity, metric }: { entity: string; metric: string }) => {
      entities.add(entity);
      metrics.add(metric);
      counts.points++;
    },
    event: ({ entity }: LogEvent) => {
      entities.add(entity);
      counts.events++;
    },
    fault: () => {
      counts.refused++;
    },
  };
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for await (const entry of entries) {
    if (entry.kind === 'control') {
      const kind = kindOf(entry.json);
      controls[kind] = (controls[kind] ?? 0) + 1;
      continue;
    }
    counts.records++;
    counts.valueBytes += entry.value.length;
    firstMs = Math.min(firstMs, entry.appendMs);
    lastMs = Math.max(lastMs, entry.appendMs);
    decode(entry.value, entry.appendMs, sink);
  }
  const seconds = counts.records > 0 ? (lastMs - firstMs) / 1000 : 0;
  return ok({
    kind: 'recording',
    formatVersion: header.version,
    stream: config.name,
    encoding: config.encoding,
    createdBy: header.createdBy,
    sizeBytes: bytes.length,
    ...counts,
    controlEntries: controls,
    firstAppend: timeOf(firstMs),
    lastAppend: timeOf(lastMs),
    seconds,
    recordsPerSecond: seconds > 0 ? Number((counts.records / seconds).toPrecision(4)) : null,
    entities: entities.sorted(),
    metrics: metrics.sorted(),
  });
}

class Names {
  readonly #names = new Set<string>();

  add(name: string): void {
    if (this.#names.size < MAX_NAMES) this.#names.add(name);
  }

  sorted(): string[] {
    return [...this.#names].sort();
  }
}

/** Null for what is no time, such as that of the first record of an empty recording. */
function timeOf(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function kindOf(json: string): string {
  try {
    const { kind } = (JSON.parse(json) ?? {}) as { kind?: unknown };
    return typeof kind === 'string' ? kind.slice(0, 40) : 'unknown';
  } catch {
    return 'unknown'; // the sums of it are right, so another version wrote it
  }
}
