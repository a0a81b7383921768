import { join } from 'node:path';
import type { Fault } from '../../core/errors.ts';
import type { LogFiles } from './files.ts';
import { type Damage, SEGMENT_HEAD_BYTES, Segment } from './segment.ts';

export interface SegmentsOptions {
  files: LogFiles;
  dir: string;
  maxBytes: number;
  maxAgeMs: number;
  segmentBytes: number;
}

/** A segment is closed after this share of the age limit, so that retention by age has something to remove. */
const AGE_SHARE = 8;

/** The segments of a log, oldest first; the last one is written to. */
export class Segments {
  readonly files: LogFiles;
  readonly #o: SegmentsOptions;
  readonly #list: Segment[];
  /** Offset of the next record; everything below is durable. */
  end: number;
  lastMs: number;

  constructor(options: SegmentsOptions, list: Segment[], end: number, lastMs: number) {
    this.#o = options;
    this.files = options.files;
    this.#list = list;
    this.end = end;
    this.lastMs = lastMs;
  }

  get start(): number {
    return this.#list[0]!.base;
  }

  get active(): Segment {
    return this.#list.at(-1)!;
  }

  get sizeBytes(): number {
    let size = 0;
    for (const segment of this.#list) size += segment.size;
    return size;
  }

  /** The segment with the offset, which must not lie below the start. */
  holding(offset: number): Segment {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#list[middle]!.base <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#list[Math.max(0, low - 1)]!;
  }

  after(segment: Segment): Segment | null {
    return this.#list.find((s) => s.base > segment.base) ?? null;
  }

  /** Begins the next segment when this one has no room for so many bytes more, or is old enough. */
  async makeRoom(bytes: number, nowMs: number): Promise<void> {
    const { active } = this;
    const empty = active.size <= SEGMENT_HEAD_BYTES;
    const old = nowMs - active.firstMs > this.#o.maxAgeMs / AGE_SHARE;
    if (empty || (!old && active.size + bytes <= this.#o.segmentBytes)) return;
    this.#list.push(await Segment.create(this.files, this.#o.dir, this.end));
  }

  /** Removes the oldest segments while the log is too large or all their records are too old. */
  async retain(nowMs: number): Promise<void> {
    let size = this.sizeBytes;
    while (this.#list.length > 1) {
      const oldest = this.#list[0]!;
      // Records of a segment are no younger than the first of the next one.
      const aged = this.#list[1]!.firstMs < nowMs - this.#o.maxAgeMs;
      if (size <= this.#o.maxBytes && !aged) return;
      this.#list.shift();
      size -= oldest.size;
      await this.files.remove(oldest.path);
      await oldest.close();
    }
  }

  async close(): Promise<void> {
    for (const segment of this.#list) await segment.close();
  }
}

/** Opens what is in the folder: cuts a torn end off, and says what is damaged. */
export async function openSegments(
  o: SegmentsOptions,
): Promise<{ segments: Segments; torn: Fault[]; damage: Damage[] }> {
  const bases = (await o.files.list(o.dir)).map(Segment.baseOf).filter((base) => base >= 0);
  bases.sort((a, b) => a - b);
  const list: Segment[] = [];
  const torn: Fault[] = [];
  const damage: Damage[] = [];
  for (const [i, base] of bases.entries()) {
    const segment = await Segment.open(o.files, o.dir, base);
    if (segment !== null) {
      list.push(segment);
      continue;
    }
    const path = join(o.dir, Segment.nameOf(base));
    const last = i === bases.length - 1;
    // A segment's head is durable before its first record is written: without one there is nothing to lose.
    if (last) torn.push({ code: 'segment_torn', detail: `${path}, byte 0: its head is not whole` });
    else
      damage.push({
        file: path,
        position: 0,
        detail: 'its head is damaged',
        fromOffset: base,
        toOffset: bases[i + 1]!,
      });
  }
  let end = list.at(-1)?.base ?? bases.at(-1) ?? 0;
  let lastMs = 0;
  for (let i = list.length - 1; i >= 0; i--) {
    const segment = list[i]!;
    const scan = await segment.scan();
    damage.push(...scan.damage);
    if (i === list.length - 1) {
      end = Math.max(end, scan.nextOffset);
      if (scan.torn !== null || scan.end < segment.size) {
        torn.push({ code: 'segment_torn', detail: `${segment.path}, ${scan.torn ?? `byte ${scan.end}`}: cut there` });
        await segment.file.truncate(scan.end);
        await segment.file.sync();
      }
      segment.size = scan.end;
    }
    lastMs = scan.lastMs;
    if (lastMs > 0) break;
  }
  if (list.length === 0) list.push(await Segment.create(o.files, o.dir, end));
  return { segments: new Segments(o, list, end, lastMs), torn, damage };
}
