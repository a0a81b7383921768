import { ByteReader, ByteWriter, CorruptBytes } from '../bytes.ts';
import { fail, ok, type Result } from '../errors.ts';
import { MAX_BINS } from './reference-bins.ts';

const NOT_BINS = 3;
const VERSION = 1;

/**
 * Counts of one figure on the bins of its reference: fixed memory, whatever was counted. Counts are whole numbers, so
 * merging is exact, associative and commutative: parts may be counted anywhere and put together in any order.
 */
export interface Histogram {
  /** Ascending, one more than bins; shared with the reference, never changed. */
  readonly edges: Float64Array;
  /** Below the first edge, each bin, above the last edge; then missing (NaN). */
  readonly counts: Float64Array;
}

export const emptyHistogram = (edges: Float64Array): Histogram => ({
  edges,
  counts: new Float64Array(edges.length - 1 + NOT_BINS),
});

/** Counts one value; NaN is missing, ±∞ lies beyond the outer edges. */
export function count({ edges, counts }: Histogram, value: number): void {
  counts[slotOf(edges, value)]!++;
}

export function countAll(histogram: Histogram, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) count(histogram, values[i]!);
}

function slotOf(edges: Float64Array, value: number): number {
  const last = edges.length - 1;
  if (Number.isNaN(value)) return last + 2;
  if (value >= edges[last]!) return value === edges[last] ? last : last + 1;
  // How many edges are ≤ value: slot 0 lies below the first.
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The counts that two samples are compared by: below, bins, above; a view without the missing. */
export const binned = ({ counts }: Histogram): Float64Array => counts.subarray(0, counts.length - 1);

/** Values counted, missing ones included. */
export function total({ counts }: Histogram): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  return sum;
}

/** Share of missing among all that were counted; NaN for none. */
export const missingShare = (histogram: Histogram): number => histogram.counts.at(-1)! / total(histogram);

/** Adds the counts of a part to a whole. bins_mismatch for other edges; then nothing has changed. */
export function merge(into: Histogram, part: Histogram): Result<null> {
  if (!sameEdges(into.edges, part.edges)) return fail('bins_mismatch', 'the histograms have other edges');
  for (let i = 0; i < into.counts.length; i++) {
    if (into.counts[i]! + part.counts[i]! > Number.MAX_SAFE_INTEGER)
      return fail('count_invalid', `the sum in slot ${i} is no longer exact`);
  }
  for (let i = 0; i < into.counts.length; i++) into.counts[i]! += part.counts[i]!;
  return ok(null);
}

function sameEdges(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((x, i) => x === b[i]));
}

/**
 * Counts as bytes: version (u8), fingerprint of the edges (u32), slots (u32), then each count as a LEB128 number of
 * 1 to 8 bytes. Edges are not in it: they belong to the reference profile, of which there is one a model.
 */
export function writeHistogram(writer: ByteWriter, { edges, counts }: Histogram): void {
  writer.u8(VERSION);
  writer.u32(fingerprint(edges));
  writer.u32(counts.length);
  for (let rest of counts) {
    for (; rest >= 128; rest = Math.floor(rest / 128)) writer.u8((rest % 128) + 128);
    writer.u8(rest);
  }
}

/** Reads what writeHistogram wrote; throws CorruptBytes, also for counts on other edges. */
export function readHistogram(reader: ByteReader, edges: Float64Array): Histogram {
  const version = reader.u8('histogram version');
  if (version !== VERSION) throw new CorruptBytes(`histogram version is ${version}`, reader.at);
  if (reader.u32('fingerprint of edges') !== fingerprint(edges))
    throw new CorruptBytes('histogram was counted on other edges', reader.at);
  const slots = reader.count('histogram slots', 1, MAX_BINS + NOT_BINS);
  const histogram = emptyHistogram(edges);
  if (slots !== histogram.counts.length) throw new CorruptBytes(`histogram has ${slots} slots`, reader.at);
  for (let i = 0; i < slots; i++) {
    let scale = 1;
    for (;;) {
      const byte = reader.u8('count');
      histogram.counts[i]! += (byte % 128) * scale;
      if (histogram.counts[i]! > Number.MAX_SAFE_INTEGER) throw new CorruptBytes('count is too large', reader.at);
      if (byte < 128) break;
      scale *= 128;
      if (scale > Number.MAX_SAFE_INTEGER) throw new CorruptBytes('count is too long', reader.at);
    }
  }
  return histogram;
}

export function encodeHistogram(histogram: Histogram): Uint8Array {
  const writer = new ByteWriter(16 + 2 * histogram.counts.length);
  writeHistogram(writer, histogram);
  return writer.finish();
}

/** histogram_corrupt for bytes that are damaged, of other edges, or more than one histogram. */
export function decodeHistogram(bytes: Uint8Array, edges: Float64Array): Result<Histogram> {
  const reader = new ByteReader(bytes);
  try {
    const histogram = readHistogram(reader, edges);
    if (reader.remaining > 0) throw new CorruptBytes(`${reader.remaining} bytes too many`, reader.at);
    return ok(histogram);
  } catch (error) {
    if (error instanceof CorruptBytes) return fail('histogram_corrupt', error.message);
    throw error;
  }
}

/** FNV-1a over the bits of the edges: tells profiles apart, no defence against an enemy. */
function fingerprint(edges: Float64Array): number {
  const view = new DataView(new ArrayBuffer(8));
  let h = 0x811c9dc5;
  for (const edge of edges) {
    view.setFloat64(0, edge, true);
    for (let i = 0; i < 8; i++) h = Math.imul(h ^ view.getUint8(i), 0x01000193);
  }
  return h >>> 0;
}
