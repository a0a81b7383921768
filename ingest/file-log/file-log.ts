import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { type Fault, fail, ok, type Result, TidewatchError } from '../../core/errors.ts';
import { recordBytes } from '../entry.ts';
import { recordFault } from '../log-limits.ts';
import type { Log, LogRecord, NewRecord } from '../ports.ts';
import { OffsetSignal } from '../signal.ts';
import { Appender } from './appender.ts';
import { faultOfDisk, type LogFiles, realFiles } from './files.ts';
import { takeLock } from './lock.ts';
import type { Damage } from './segment.ts';
import { openSegments, type Segments } from './segments.ts';

export interface FileLogOptions {
  dir: string;
  clock: Clock;
  /** Size and age above which the oldest segments are removed, whole ones; the newest always stays. */
  maxBytes: number;
  maxAgeMs: number;
  /** Size at which the next segment is begun. Default: an eighth of maxBytes, at most 64 MiB. */
  segmentBytes?: number;
  /** Bytes that may wait for the disk before intake is refused as overloaded. */
  maxWaitingBytes?: number;
  log?: { warn(detail: object, message: string): void };
  /** Records [fromOffset, toOffset) cannot be read: segment_corrupt, with file and position. Each place is told once. */
  onDamage?: (fault: Fault, fromOffset: number, toOffset: number) => void;
  files?: LogFiles;
}

/** notices: what was found and mended while opening (segment_torn), or is damaged (segment_corrupt). */
export interface OpenedLog {
  log: FileLog;
  notices: Fault[];
}

const MIB = 1 << 20;

/**
 * The log of a partition on disk: append-only segments of framed entries, acknowledged after fsync, one fsync for all
 * that came during the one before. docs/decisions/0004-file-log.md has the reasons.
 */
export class FileLog implements Log {
  readonly #segments: Segments;
  readonly #appender: Appender;
  readonly #signal = new OffsetSignal();
  readonly #o: FileLogOptions;
  readonly #unlock: () => void;
  readonly #told = new Set<string>();
  #closed = false;

  private constructor(o: FileLogOptions, segments: Segments, unlock: () => void) {
    this.#o = o;
    this.#segments = segments;
    this.#unlock = unlock;
    this.#appender = new Appender(segments, {
      clock: o.clock,
      maxWaitingBytes: o.maxWaitingBytes ?? 32 * MIB,
      onDurable: (end) => this.#signal.reached(end),
      onTrouble: (fault) => o.log?.warn({ code: fault.code }, `log ${o.dir}: ${fault.detail}`),
    });
  }

  /** Fails with already_running when another process has the folder, disk_full, or file_missing when it cannot be used. */
  static async open(options: FileLogOptions): Promise<Result<OpenedLog>> {
    try {
      return await FileLog.#open(options, options.files ?? realFiles);
    } catch (cause) {
      const fault = faultOfDisk(cause, options.dir);
      if (fault.code === 'internal') throw cause;
      return { ok: false, fault };
    }
  }

  static async #open(options: FileLogOptions, files: LogFiles): Promise<Result<OpenedLog>> {
    await files.makeDir(options.dir);
    const lock = takeLock(join(options.dir, 'lock'));
    if (!lock.ok) return lock;
    try {
      const opened = await openSegments({
        files,
        dir: options.dir,
        maxBytes: options.maxBytes,
        maxAgeMs: options.maxAgeMs,
        segmentBytes: options.segmentBytes ?? Math.min(64 * MIB, Math.ceil(options.maxBytes / 8)),
      });
      const log = new FileLog(options, opened.segments, lock.value);
      for (const damage of opened.damage) log.#tell(damage);
      await opened.segments.retain(options.clock.now());
      const notices = [...opened.torn, ...opened.damage.map(faultOf)];
      for (const { code, detail } of opened.torn) options.log?.warn({ code }, detail);
      return ok({ log, notices });
    } catch (cause) {
      lock.value();
      throw cause;
    }
  }

  async append(records: readonly NewRecord[]): Promise<Result<number>> {
    if (this.#closed) return fail('overloaded', 'the log is closed');
    const fault = recordFault(records);
    if (fault !== null) return { ok: false, fault };
    if (records.length === 0) return ok(this.end());
    let bytes = 0;
    for (const record of records) bytes += recordBytes(record);
    return this.#appender.append(records, bytes);
  }

  async read(fromOffset: number, maxBytes: number): Promise<LogRecord[]> {
    for (let from = Math.max(fromOffset, this.start()); from < this.end(); ) {
      const segment = this.#segments.holding(from);
      const end = this.end();
      const records = await segment.read(from, maxBytes, (damage) => this.#tell(damage));
      if (records.length > 0) return records;
      const next = this.#segments.after(segment);
      if (next === null) {
        if (from < this.start()) continue; // retention removed it meanwhile
        throw new TidewatchError('segment_corrupt', `${segment.path}: records ${from} to ${end - 1} cannot be read`);
      }
      const detail = 'the end of the segment cannot be read';
      if (from < next.base)
        this.#tell({ file: segment.path, position: segment.size, detail, fromOffset: from, toOffset: next.base });
      from = Math.max(next.base, this.start());
    }
    return [];
  }

  waitFor(offset: number, signal: AbortSignal): Promise<void> {
    return this.#signal.wait(offset, this.#closed ? Number.POSITIVE_INFINITY : this.end(), signal);
  }

  refresh(): Promise<boolean> {
    return Promise.resolve(true);
  }

  start(): number {
    return this.#segments.start;
  }

  end(): number {
    return this.#segments.end;
  }

  /** Bytes on disk. */
  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  /** Waits for what was accepted, then gives the folder back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#appender.idle();
    this.#signal.reached(Number.POSITIVE_INFINITY);
    await this.#segments.close();
    this.#unlock();
  }

  #tell(damage: Damage): void {
    const key = `${damage.file} ${damage.fromOffset}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const fault = faultOf(damage);
    this.#o.log?.warn({ code: fault.code }, fault.detail);
    this.#o.onDamage?.(fault, damage.fromOffset, damage.toOffset);
  }
}

function faultOf({ file, position, detail, fromOffset, toOffset }: Damage): Fault {
  const lost = toOffset - fromOffset === 1 ? `record ${fromOffset} is` : `records ${fromOffset} to ${toOffset - 1} are`;
  return { code: 'segment_corrupt', detail: `${file}, byte ${position}: ${detail}; ${lost} lost` };
}
