import { rename, rm } from 'node:fs/promises';
import type { ControlEntry } from '../../core/types.ts';
import { MAX_RECORD_BYTES } from '../../ingest/decode/limits.ts';
import { MAX_ENTRY_BYTES, recordBytes } from '../../ingest/entry.ts';
import { inForce } from '../../ingest/in-force.ts';
import type { LogRecord, ModelStore } from '../../ingest/ports.ts';
import { type RecordingHeader, RecordingWriter } from '../../ingest/recording.ts';
import { artifactParts } from '../replay/controls.ts';

export interface PartitionCaptureOptions {
  file: string;
  header: Pick<RecordingHeader, 'stream' | 'createdBy'>;
  /** Offsets [from, to) are captured. */
  from: number;
  to: number;
  /** All control entries of the partition, or null to leave them out. */
  controls: readonly ControlEntry[] | null;
  models: Pick<ModelStore, 'get'>;
  onNotice: (message: string) => void;
}

export interface CapturedPartition {
  file: string;
  records: number;
  controlEntries: number;
}

/** What is added to the name of a recording until it is whole. */
export const UNFINISHED = '.part';

/** One partition on its way into a recording, which gets its name when it is whole. */
export class PartitionCapture {
  readonly #o: PartitionCaptureOptions;
  readonly #writer: RecordingWriter;
  readonly #pending: ControlEntry[];
  #records = 0;
  #controlEntries = 0;

  constructor(options: PartitionCaptureOptions) {
    const { file, header, controls, from, to } = options;
    this.#o = options;
    this.#pending = inForce(controls ?? [], from).filter((entry) => entry.offset <= to);
    this.#writer = new RecordingWriter(file + UNFINISHED, {
      ...header,
      ...(controls !== null && { controlled: true }),
    });
  }

  async record(record: LogRecord): Promise<void> {
    await this.#controlsUpTo(record.offset);
    await this.#writer.record(this.#fitting(record));
    this.#records++;
  }

  /** An entry at the end of the range took effect right after its last record, so it belongs to it. */
  async finish(): Promise<CapturedPartition> {
    await this.#controlsUpTo(this.#o.to);
    await this.#writer.close();
    await rename(this.#o.file + UNFINISHED, this.#o.file);
    return { file: this.#o.file, records: this.#records, controlEntries: this.#controlEntries };
  }

  async abandon(): Promise<void> {
    await this.#writer.abandon();
    await rm(this.#o.file + UNFINISHED, { force: true });
  }

  async #controlsUpTo(offset: number): Promise<void> {
    for (let entry = this.#pending[0]; entry && entry.offset <= offset; entry = this.#pending[0]) {
      if (entry.kind === 'model' || (entry.kind === 'challenger' && entry.modelId !== ''))
        await this.#artifact(entry.modelId);
      await this.#writer.control(JSON.stringify(entry));
      this.#controlEntries++;
      this.#pending.shift();
    }
  }

  async #artifact(modelId: string): Promise<void> {
    const artifact = await this.#o.models.get(modelId);
    if (artifact === null) {
      this.#o.onNotice(`model ${modelId} is no longer in the database: replays go on with what served before it`);
      return;
    }
    for (const part of artifactParts(modelId, artifact)) await this.#writer.control(JSON.stringify(part));
  }

  /** What is too large for an entry is too large for every decoder, cut or whole: the verdicts are the same. */
  #fitting(record: LogRecord): LogRecord {
    if (recordBytes(record) <= MAX_ENTRY_BYTES) return record;
    this.#o.onNotice(
      `record ${record.offset} is larger than a recording takes: its value is cut, headers are left out`,
    );
    const { offset, appendMs, key, value } = record;
    const short = key === null || key.length <= MAX_RECORD_BYTES ? key : key.subarray(0, MAX_RECORD_BYTES);
    return { offset, appendMs, key: short, value: value.subarray(0, MAX_RECORD_BYTES + 1) };
  }
}
