import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { type ErrorCode, TidewatchError } from '../core/errors.ts';
import { encodeJson, encodeRecord, MAX_ENTRY_BYTES, readEntry } from './entry.ts';
import type { LogRecord } from './ports.ts';

/** Version of the recording format; readers refuse others. */
export const RECORDING_VERSION = 1;
/** The file opens with it, once gunzipped. */
const MAGIC = Buffer.from('TWREC001', 'latin1');
const CHUNK_BYTES = 64 << 10;

export interface RecordingHeader {
  version: number;
  /** The stream's configuration, as JSON text. */
  stream: string;
  /** Program and version that wrote it. */
  createdBy: string;
  /** It holds all control entries of its partition: a replay changes nothing by itself. */
  controlled?: true;
}

/** Control entries keep their place among the records; their JSON is the writer's. */
export type RecordingEntry = ({ kind: 'record' } & LogRecord) | { kind: 'control'; json: string };

/**
 * Writes a recording, gzipped: the same entries give the same bytes on the same Node. Waits for the disk, so memory
 * stays bounded. A file that is not whole is removed by nobody: its end is missing, and readers say so.
 */
export class RecordingWriter {
  readonly #gzip = createGzip({ level: constants.Z_BEST_COMPRESSION });
  readonly #out: Writable;
  readonly #done: Promise<void>;
  #failed: Error | null = null;
  #entries = 0;
  /** Each call of zlib is a round through another thread, so entries are handed over together. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(path: string, header: Omit<RecordingHeader, 'version'>) {
    this.#out = createWriteStream(path);
    this.#done = finished(this.#gzip.pipe(this.#out));
    this.#done.catch((cause: Error) => {
      this.#failed = cause;
      this.#gzip.destroy(cause);
    });
    this.#out.on('error', () => this.#gzip.destroy());
    this.#waiting.push(MAGIC, encodeJson('header', JSON.stringify({ version: RECORDING_VERSION, ...header })));
  }

  record(record: LogRecord): Promise<void> {
    this.#entries++;
    return this.#write(encodeRecord(record));
  }

  control(json: string): Promise<void> {
    this.#entries++;
    return this.#write(encodeJson('control', json));
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#failed !== null) throw writeFailed(this.#failed);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes < CHUNK_BYTES) return;
    if (!this.#gzip.write(this.#taken())) await Promise.race([once(this.#gzip, 'drain'), this.#done]);
  }

  #taken(): Buffer {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }

  /** Gives the file up: without its end it counts as cut off. Resolves when nothing writes to it any more. */
  async abandon(): Promise<void> {
    this.#gzip.destroy();
    this.#out.destroy();
    await this.#done.catch(() => undefined);
  }

  /** Writes the end, without which a recording counts as cut off. */
  async close(): Promise<void> {
    this.#waiting.push(encodeJson('control', JSON.stringify({ kind: 'end', entries: this.#entries })));
    this.#gzip.end(this.#taken());
    await this.#done.catch((cause: Error) => {
      throw writeFailed(cause);
    });
  }
}

function writeFailed(cause: Error & { code?: string }): TidewatchError {
  const code: ErrorCode = cause.code === 'ENOSPC' ? 'disk_full' : 'internal';
  return new TidewatchError(code, `writing the recording: ${cause.message}`, { cause });
}

export interface OpenRecording {
  header: RecordingHeader;
  /** Share of the file that has been read, from 0 to 1, a little ahead of the entries. Of a file alone. */
  readShare?: () => number;
  /** In the order in which they were written. Throws recording_corrupt where the bytes are damaged. */
  entries: AsyncGenerator<RecordingEntry>;
  /** The same in runs, for whoever reads millions: to be used instead. */
  runs: AsyncGenerator<RecordingEntry[]>;
}

/** Opens a recording of a file. Throws file_missing, or recording_corrupt with the position in the gunzipped bytes. */
export async function openRecording(path: string): Promise<OpenRecording> {
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const opened = await readRecording(source, path);
  const { size } = await stat(path);
  return { ...opened, readShare: () => Math.min(1, source.bytesRead / size) };
}

/** The same of gzipped bytes from anywhere; `name` is for messages. */
export async function readRecording(source: Readable, name: string): Promise<OpenRecording> {
  const all = positionedRuns(source, name);
  const first = await all.next();
  const [head, ...rest] = first.done ? [] : first.value;
  if (head?.kind !== 'header') throw corrupt(name, MAGIC.length, 'it has no header');
  const runs = checkedRuns(rest, all, name);
  return { header: headerOf(head.json, name), entries: flat(runs), runs };
}

async function* flat(runs: AsyncGenerator<RecordingEntry[]>): AsyncGenerator<RecordingEntry> {
  for await (const run of runs) yield* run;
}

/** What the bytes hold must end as it was ended, and nothing may follow. */
async function* checkedRuns(
  first: readonly Positioned[],
  others: AsyncGenerator<Positioned[]>,
  name: string,
): AsyncGenerator<RecordingEntry[]> {
  let entries = 0;
  let ended = false;
  let at = 0;
  const checked = (run: readonly Positioned[]): RecordingEntry[] => {
    const out: RecordingEntry[] = [];
    for (const entry of run) {
      at = entry.at;
      if (ended) throw corrupt(name, at, 'something follows its end');
      if (entry.kind === 'header') throw corrupt(name, at, 'a second header');
      if (entry.kind === 'control') {
        const end = endOf(entry.json);
        if (end === null) out.push({ kind: 'control', json: entry.json });
        else if (end !== entries) throw corrupt(name, at, `${entries} entries, its end says ${end}`);
        else ended = true;
      } else out.push(recordEntry(entry.record));
      entries++;
    }
    return out;
  };
  yield checked(first);
  for await (const run of others) yield checked(run);
  if (!ended) throw corrupt(name, at, 'its end is missing');
}

/** Written out, since a spread costs more, millions of times. */
function recordEntry({ offset, appendMs, key, value, headers, tombstone }: LogRecord): RecordingEntry {
  const entry: RecordingEntry = { kind: 'record', offset, appendMs, key, value };
  if (headers !== undefined) entry.headers = headers;
  if (tombstone) entry.tombstone = true;
  return entry;
}

type Positioned = (
  | { kind: 'header'; json: string }
  | { kind: 'control'; json: string }
  | { kind: 'record'; record: LogRecord }
) & { at: number };

/** Entries by the chunks in which they come; those before damage are handed over before it is told. */
async function* positionedRuns(source: Readable, name: string): AsyncGenerator<Positioned[]> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', (cause) => gunzip.destroy(cause));
  let pending: Buffer = Buffer.alloc(0);
  let base = 0;
  let started = false;
  try {
    for await (const chunk of source.pipe(gunzip)) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk as Buffer]);
      let at = 0;
      if (!started) {
        if (pending.length < MAGIC.length) continue;
        if (!pending.subarray(0, MAGIC.length).equals(MAGIC)) throw corrupt(name, 0, 'it is no recording');
        started = true;
        at = MAGIC.length;
      }
      const run: Positioned[] = [];
      let damage: string | null = null;
      for (;;) {
        const read = readEntry(pending, at);
        if (!read.ok) {
          if (read.why === 'bad') damage = read.detail;
          break;
        }
        run.push({ ...read.entry, at: base + at });
        at += read.size;
      }
      if (run.length > 0) yield run;
      pending = pending.subarray(at);
      base += at;
      if (damage !== null) throw corrupt(name, base, damage);
      if (pending.length > 2 * MAX_ENTRY_BYTES) throw corrupt(name, base, 'an entry without end');
    }
  } catch (cause) {
    throw cause instanceof TidewatchError ? cause : readFailed(cause as NodeJS.ErrnoException, name, base);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  if (pending.length > 0 || !started) throw corrupt(name, base, 'it ends inside an entry');
}

function readFailed(cause: NodeJS.ErrnoException, name: string, at: number): TidewatchError {
  if (cause.syscall !== undefined) return new TidewatchError('file_missing', `${name}: ${cause.code}`, { cause });
  return corrupt(name, at, cause.message, cause);
}

function headerOf(json: string, name: string): RecordingHeader {
  const header = tryParse(json);
  const { version, stream, createdBy, controlled } = (header ?? {}) as Partial<RecordingHeader>;
  if (version !== RECORDING_VERSION) {
    throw corrupt(name, MAGIC.length, `format version ${String(version)}, this program reads ${RECORDING_VERSION}`);
  }
  if (typeof stream !== 'string' || typeof createdBy !== 'string') {
    throw corrupt(name, MAGIC.length, 'its header lacks stream or createdBy');
  }
  return { version, stream, createdBy, ...(controlled === true && { controlled }) };
}

function endOf(json: string): number | null {
  const end = tryParse(json) as { kind?: unknown; entries?: unknown } | null;
  return end !== null && typeof end === 'object' && end.kind === 'end' ? Number(end.entries) : null;
}

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null; // the caller says what is missing
  }
}

function corrupt(name: string, at: number, what: string, cause?: unknown): TidewatchError {
  return new TidewatchError('recording_corrupt', `${name}, byte ${at}: ${what}`, { cause });
}
