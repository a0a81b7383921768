import type { LogRecord } from '../../ingest/ports.ts';
import type { RecordingEntry } from '../../ingest/recording.ts';

type Runs = AsyncIterable<RecordingEntry[]>;
/** Records at once of what is merged. */
const MERGED_RUN = 512;

/**
 * The records of several recordings in runs, in the order in which they were appended, those of one recording in their
 * order: partitions that were recorded side by side must not come one after the other, or the second would be late.
 */
export async function* mergeRecords(sources: readonly Runs[]): AsyncGenerator<LogRecord[]> {
  if (sources.length === 1) {
    for await (const run of sources[0]!) yield run.filter((entry) => entry.kind === 'record');
    return;
  }
  const open = sources.map((source) => new Head(source));
  try {
    const heads: Head[] = [];
    for (const head of open) if (await head.advance()) heads.push(head);
    let out: LogRecord[] = [];
    while (heads.length > 0) {
      let first = 0;
      for (let i = 1; i < heads.length; i++) if (heads[i]!.record!.appendMs < heads[first]!.record!.appendMs) first = i;
      const head = heads[first]!;
      out.push(head.record!);
      if (out.length === MERGED_RUN) {
        yield out;
        out = [];
      }
      if (!(head.step() || (await head.advance()))) heads.splice(first, 1);
    }
    yield out;
  } finally {
    for (const head of open) await head.close();
  }
}

/** Where the reading of one recording stands. */
class Head {
  record: LogRecord | null = null;
  readonly #runs: AsyncIterator<RecordingEntry[]>;
  #run: RecordingEntry[] = [];
  #at = 0;

  constructor(source: Runs) {
    this.#runs = source[Symbol.asyncIterator]();
  }

  /** To the next record of the run; false at its end. */
  step(): boolean {
    while (this.#at < this.#run.length) {
      const entry = this.#run[this.#at++]!;
      if (entry.kind !== 'record') continue;
      this.record = entry;
      return true;
    }
    return false;
  }

  /** The same, and on to the runs that follow. */
  async advance(): Promise<boolean> {
    while (!this.step()) {
      const next = await this.#runs.next();
      if (next.done) return false;
      this.#run = next.value;
      this.#at = 0;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#runs.return?.();
  }
}
