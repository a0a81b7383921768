import type { LogRecord } from '../../ingest/ports.ts';
import type { RecordingEntry } from '../../ingest/recording.ts';

/**
 * The records of several recordings in the order in which they were appended, those of one recording in their order:
 * partitions that were recorded side by side must not come one after the other, or the second would be late.
 */
export async function* mergeRecords(sources: readonly AsyncIterable<RecordingEntry>[]): AsyncGenerator<LogRecord> {
  if (sources.length === 1) {
    for await (const entry of sources[0]!) if (entry.kind === 'record') yield entry;
    return;
  }
  const heads: { record: LogRecord; from: AsyncIterator<RecordingEntry> }[] = [];
  const open = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    for (const from of open) {
      const record = await nextRecord(from);
      if (record !== null) heads.push({ record, from });
    }
    while (heads.length > 0) {
      let first = 0;
      for (let i = 1; i < heads.length; i++) if (heads[i]!.record.appendMs < heads[first]!.record.appendMs) first = i;
      const head = heads[first]!;
      yield head.record;
      const record = await nextRecord(head.from);
      if (record === null) heads.splice(first, 1);
      else head.record = record;
    }
  } finally {
    for (const from of open) await from.return?.();
  }
}

async function nextRecord(from: AsyncIterator<RecordingEntry>): Promise<LogRecord | null> {
  for (;;) {
    const next = await from.next();
    if (next.done) return null;
    if (next.value.kind === 'record') return next.value;
  }
}
