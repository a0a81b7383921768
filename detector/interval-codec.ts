import { ByteReader, ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { fail, ok, type Result } from '../core/errors.ts';
import { type Histogram, readHistogram, writeHistogram } from '../core/stats/histogram.ts';
import type { Counters } from '../ingest/ports.ts';
import {
  type ChallengerCounts,
  type FeatureCounts,
  type IntervalCounts,
  type LaneCounts,
  MAX_UNKNOWN_FEATURES,
  MIX_BUCKETS,
  RATIO_SLOTS,
} from './interval-counts.ts';
import { emptyPoints, grainsOf, PVALUE_EDGES, withGrains } from './interval-merge.ts';
import type { ReferenceProfile } from './reference.ts';

export { emptyCounts, mergeCounts } from './interval-merge.ts';

const VERSION = 1;
const MAX_GRAINS = 100_000;
const SCALARS = ['windows', 'fallback', 'probation', 'gaps', 'newcomers', 'incidentsOpened'] as const;
const LANE = ['windows', 'alerts', 'failed'] as const;
const PAIRS = ['paired', 'both', 'onlyChampion', 'onlyChallenger'] as const;
const POINTS = Object.keys(emptyPoints()) as (keyof Counters)[];

/**
 * Counts as bytes: what needs a reference to be read (features, scores) is in blocks with their length before them, so that
 * the rest can be read without. Edges are not in it; the histograms carry a fingerprint of them.
 */
export function encodeCounts(counts: IntervalCounts): Uint8Array {
  const writer = new ByteWriter(1024);
  writer.u8(VERSION);
  writer.f64(counts.startMs);
  writer.f64(counts.endMs);
  writer.text(counts.modelId);
  for (const key of SCALARS) writeCount(writer, counts[key]);
  const grains = grainsOf(counts);
  writer.u32(grains.size);
  for (const startMs of [...grains.keys()].sort((a, b) => a - b)) {
    const [entities, alerting] = grains.get(startMs)!;
    writer.f64(startMs);
    writeCount(writer, entities);
    writeCount(writer, alerting);
  }
  for (const key of POINTS) writeCount(writer, counts.points[key]);
  writeCounts(writer, counts.mix);
  writeCounts(writer, counts.alertMix);
  block(writer, (w) => {
    w.u32(counts.features.length);
    for (const { name, place, ratio } of counts.features) {
      w.text(name);
      writeHistogram(w, place);
      writeCounts(w, ratio);
    }
  });
  writer.u32(counts.unknownFeatures.size);
  for (const name of [...counts.unknownFeatures.keys()].sort()) {
    writer.text(name);
    writeCount(writer, counts.unknownFeatures.get(name)!);
  }
  writer.u8((counts.champion === null ? 0 : 1) | (counts.challenger === null ? 0 : 2));
  if (counts.champion !== null) writeLane(writer, counts.champion);
  if (counts.challenger !== null) {
    writeLane(writer, counts.challenger);
    writer.f64(counts.challenger.share);
    for (const key of PAIRS) writeCount(writer, counts.challenger[key]);
  }
  return writer.finish();
}

/**
 * Reads what encodeCounts wrote; profile_corrupt for anything else, also for counts on another reference. reference: of
 * the champion; null leaves its features and its scores out. challengerReference: the same for the challenger's scores.
 */
export function decodeCounts(
  bytes: Uint8Array,
  reference: ReferenceProfile | null,
  challengerReference: ReferenceProfile | null = null,
): Result<IntervalCounts> {
  try {
    return ok(readCountsOf(new ByteReader(bytes), reference, challengerReference));
  } catch (error) {
    if (error instanceof CorruptBytes) return fail('profile_corrupt', error.message);
    throw error;
  }
}

function readCountsOf(
  reader: ByteReader,
  reference: ReferenceProfile | null,
  challengerReference: ReferenceProfile | null,
): IntervalCounts {
  const version = reader.u8('profile version');
  if (version !== VERSION) throw new CorruptBytes(`profile version is ${version}`, 0);
  const startMs = reader.f64('start');
  const endMs = reader.f64('end');
  if (!Number.isSafeInteger(startMs) || !Number.isSafeInteger(endMs) || endMs <= startMs)
    throw new CorruptBytes(`profile is of ${startMs} to ${endMs}`, reader.at);
  const modelId = reader.text('model id');
  const scalars = named(SCALARS, reader);
  const grains = readGrains(reader);
  const points = named(POINTS, reader);
  const mix = readCounts(reader, MIX_BUCKETS);
  const alertMix = readCounts(reader, MIX_BUCKETS);
  const features = readFeatures(reader, reference);
  const unknownFeatures = readUnknown(reader);
  const lanes = reader.u8('lanes');
  if (lanes > 3) throw new CorruptBytes(`lanes are ${lanes}`, reader.at);
  const champion = (lanes & 1) === 0 ? null : readLane(reader, reference);
  const challenger = (lanes & 2) === 0 ? null : readChallenger(reader, challengerReference);
  if (reader.remaining > 0) throw new CorruptBytes(`${reader.remaining} bytes too many`, reader.at);
  const about = { startMs, endMs, modelId, ...scalars, entities: 0, alertingEntities: 0, points, mix, alertMix };
  return withGrains({ ...about, features, unknownFeatures, champion, challenger }, grains);
}

function readGrains(reader: ByteReader): Map<number, readonly [number, number]> {
  const grains = new Map<number, readonly [number, number]>();
  const n = reader.count('grains', 10, MAX_GRAINS);
  let beforeMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const startMs = reader.f64('start of a grain');
    if (!(startMs > beforeMs)) throw new CorruptBytes(`grain starts at ${startMs}`, reader.at);
    beforeMs = startMs;
    const entities = readCount(reader);
    grains.set(startMs, [entities, readCount(reader)]);
  }
  return grains;
}

function readFeatures(reader: ByteReader, reference: ReferenceProfile | null): FeatureCounts[] {
  const size = reader.u32('bytes of features');
  if (reference === null) {
    reader.raw(size, 'features');
    return [];
  }
  const endAt = reader.at + size;
  const n = reader.count('features', 4 + RATIO_SLOTS);
  if (n !== reference.features.length)
    throw new CorruptBytes(`${n} features, the reference has ${reference.features.length}`, reader.at);
  const features = reference.features.map(({ name, place }): FeatureCounts => {
    const found = reader.text('feature name');
    if (found !== name) throw new CorruptBytes(`feature is ${found}, the reference has ${name}`, reader.at);
    const counts = readHistogram(reader, place.edges);
    return { name, place: counts, ratio: readCounts(reader, RATIO_SLOTS) };
  });
  if (reader.at !== endAt) throw new CorruptBytes('features are of another length than said', reader.at);
  return features;
}

function readUnknown(reader: ByteReader): Map<string, number> {
  const unknown = new Map<string, number>();
  const n = reader.count('unknown features', 5, MAX_UNKNOWN_FEATURES);
  for (let i = 0; i < n; i++) {
    const name = reader.text('unknown feature');
    if (unknown.has(name)) throw new CorruptBytes(`unknown feature ${name} is there twice`, reader.at);
    unknown.set(name, readCount(reader));
  }
  return unknown;
}

function writeLane(writer: ByteWriter, lane: LaneCounts): void {
  writer.text(lane.modelId);
  for (const key of LANE) writeCount(writer, lane[key]);
  writeHistogram(writer, lane.pValue);
  const { score } = lane;
  block(writer, (w) => {
    if (score !== null) writeHistogram(w, score);
  });
}

function readLane(reader: ByteReader, reference: ReferenceProfile | null): LaneCounts {
  const modelId = reader.text('model id of a lane');
  const figures = named(LANE, reader);
  const pValue = readHistogram(reader, PVALUE_EDGES);
  return { modelId, ...figures, pValue, score: readScore(reader, reference) };
}

function readScore(reader: ByteReader, reference: ReferenceProfile | null): Histogram | null {
  const size = reader.u32('bytes of scores');
  if (size === 0 || reference === null) {
    reader.raw(size, 'scores');
    return null;
  }
  const endAt = reader.at + size;
  const score = readHistogram(reader, reference.score.edges);
  if (reader.at !== endAt) throw new CorruptBytes('scores are of another length than said', reader.at);
  return score;
}

function readChallenger(reader: ByteReader, reference: ReferenceProfile | null): ChallengerCounts {
  const lane = readLane(reader, reference);
  const share = reader.f64('share');
  if (!(share >= 0 && share <= 1)) throw new CorruptBytes(`share is ${share}`, reader.at);
  return { ...lane, share, ...named(PAIRS, reader) };
}

function named<K extends string>(keys: readonly K[], reader: ByteReader): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, readCount(reader)])) as Record<K, number>;
}

function block(writer: ByteWriter, write: (writer: ByteWriter) => void): void {
  const inner = new ByteWriter(1024);
  write(inner);
  writer.u32(inner.length);
  writer.raw(inner.finish());
}

/** LEB128, as the histograms have it. */
function writeCount(writer: ByteWriter, count: number): void {
  let rest = count;
  for (; rest >= 128; rest = Math.floor(rest / 128)) writer.u8((rest % 128) + 128);
  writer.u8(rest);
}

function readCount(reader: ByteReader): number {
  let count = 0;
  for (let scale = 1; scale <= Number.MAX_SAFE_INTEGER; scale *= 128) {
    const byte = reader.u8('count');
    count += (byte % 128) * scale;
    if (count > Number.MAX_SAFE_INTEGER) break;
    if (byte < 128) return count;
  }
  throw new CorruptBytes('count is too large', reader.at);
}

function writeCounts(writer: ByteWriter, counts: Float64Array): void {
  for (const count of counts) writeCount(writer, count);
}

function readCounts(reader: ByteReader, slots: number): Float64Array {
  const counts = new Float64Array(slots);
  for (let i = 0; i < slots; i++) counts[i] = readCount(reader);
  return counts;
}
