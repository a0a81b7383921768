import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { type Histogram, readHistogram, writeHistogram } from '../core/stats/histogram.ts';
import { MAX_BINS } from '../core/stats/reference-bins.ts';
import { MIX_BUCKETS, RATIO_SLOTS } from './interval-counts.ts';
import type { DriftLimits, ReferenceFeature, ReferenceProfile } from './reference.ts';

const MAX_FEATURES = 100_000;
/** Lengths of an entity's name and of its list of scales. */
const LEAST_SCALES_BYTES = 8;

/** Writes a reference profile as the section of an artifact, or as evidence. */
export function saveReference(writer: ByteWriter, reference: ReferenceProfile): void {
  writer.u32(reference.bins);
  writer.u32(reference.features.length);
  for (const { name, metric, place, ratio, missing } of reference.features) {
    writer.text(name);
    writer.text(metric);
    saveHistogram(writer, place);
    writer.f64s(ratio);
    writer.f64(missing);
  }
  writer.f64s(Float64Array.from(reference.top));
  saveHistogram(writer, reference.score);
  writer.f64s(reference.mix);
  for (const number of [reference.windows, reference.entities, reference.spanMs, reference.alertRate])
    writer.f64(number);
  writer.u8(reference.limits === null ? 0 : 1);
  if (reference.limits !== null) saveLimits(writer, reference.limits);
  writer.u32(reference.scales === null ? 0 : reference.scales.size + 1);
  if (reference.scales === null) return;
  for (const entity of [...reference.scales.keys()].sort()) {
    writer.text(entity);
    writer.f32s(reference.scales.get(entity)!);
  }
}

/** Reads what saveReference wrote; throws CorruptBytes. */
export function loadReference(reader: ByteReader): ReferenceProfile {
  const bins = reader.u32('bins of the reference');
  if (bins < 1 || bins > MAX_BINS) throw new CorruptBytes(`bins are ${bins}, at most ${MAX_BINS} expected`, reader.at);
  const count = reader.count('features of the reference', 16, MAX_FEATURES);
  const features: ReferenceFeature[] = [];
  for (let f = 0; f < count; f++) {
    const name = reader.text('feature');
    const metric = reader.text('metric');
    const place = loadHistogram(reader);
    const ratio = numbers(reader, 'ratios', RATIO_SLOTS);
    const missing = reader.f64('share missing');
    if (!(missing >= 0 && missing <= 1)) throw new CorruptBytes(`share missing is ${missing}`, reader.at);
    features.push({ name, metric, place, ratio, missing });
  }
  const order = reader.f64s('features that matter most');
  const stranger = order.find((f, i) => !(Number.isInteger(f) && f >= 0 && f < count) || order.indexOf(f) !== i);
  if (stranger !== undefined) throw new CorruptBytes(`top feature ${stranger} of ${count}, or twice`, reader.at);
  const top = Int32Array.from(order);
  const score = loadHistogram(reader);
  const mix = numbers(reader, 'mix', MIX_BUCKETS);
  const [windows, entities, spanMs, alertRate] = ['windows', 'entities', 'span', 'alert rate'].map((what) => {
    const value = reader.f64(what);
    if (!(value >= 0 && Number.isFinite(value))) throw new CorruptBytes(`${what} is ${value}`, reader.at);
    return value;
  }) as [number, number, number, number];
  const measured = reader.u8('limits');
  if (measured > 1) throw new CorruptBytes(`limits are ${measured}, wanted 0 or 1`, reader.at);
  const limits = measured === 1 ? loadLimits(reader, count) : null;
  const entries = reader.u32('scales');
  if ((entries - 1) * LEAST_SCALES_BYTES > reader.remaining)
    throw new CorruptBytes(`scales of ${entries - 1} entities are more than the bytes left can hold`, reader.at);
  let scales: Map<string, Float32Array> | null = null;
  if (entries > 0) {
    scales = new Map();
    for (let i = 1; i < entries; i++) {
      const entity = reader.text('entity of scales');
      const of = reader.f32s('scales of an entity').slice();
      if (of.length !== 2 * count) throw new CorruptBytes(`${of.length} scales for ${count} features`, reader.at);
      scales.set(entity, of);
    }
  }
  return { bins, features, top, score, mix, windows, entities, spanMs, alertRate, limits, scales };
}

function saveHistogram(writer: ByteWriter, histogram: Histogram): void {
  writer.f64s(histogram.edges);
  writeHistogram(writer, histogram);
}

function loadHistogram(reader: ByteReader): Histogram {
  const edges = reader.f64s('edges').slice();
  if (
    edges.length < 2 ||
    edges.length > MAX_BINS + 1 ||
    edges.some((x, i) => !Number.isFinite(x) || (i > 0 && x < edges[i - 1]!))
  )
    throw new CorruptBytes('edges are not finite ascending numbers', reader.at);
  return readHistogram(reader, edges);
}

function numbers(reader: ByteReader, what: string, length: number): Float64Array {
  const values = reader.f64s(what).slice();
  if (values.length !== length || values.some((x) => !(x >= 0 && Number.isFinite(x))))
    throw new CorruptBytes(`${what} are not ${length} counts`, reader.at);
  return values;
}

const SCALARS = ['blocks', 'blockMs', 'falseAlarmsPerWeek', 'psiScore', 'ksScore', 'klScore', 'uniformity'] as const;

function saveLimits(writer: ByteWriter, limits: DriftLimits): void {
  for (const key of SCALARS) writer.f64(limits[key]);
  for (const edge of limits.alertRatio) writer.f64(edge);
  writer.f64s(limits.psi);
  writer.f64s(limits.ks);
  writer.f64s(limits.psiAlone);
}

function loadLimits(reader: ByteReader, features: number): DriftLimits {
  const number = (what: string): number => {
    const value = reader.f64(what);
    if (!(value >= 0 && Number.isFinite(value))) throw new CorruptBytes(`the limit ${what} is ${value}`, reader.at);
    return value;
  };
  const scalars = Object.fromEntries(SCALARS.map((key) => [key, number(key)])) as Pick<
    DriftLimits,
    (typeof SCALARS)[number]
  >;
  const alertRatio: [number, number] = [number('alert ratio'), number('alert ratio')];
  return {
    ...scalars,
    alertRatio,
    psi: limitsOf(reader, 'limits of PSI', features),
    ks: limitsOf(reader, 'limits of KS', features),
    psiAlone: limitsOf(reader, 'limits of PSI alone', features),
  };
}

/** Figures are divided by their limits, so none is 0. */
function limitsOf(reader: ByteReader, what: string, features: number): Float64Array {
  const values = numbers(reader, what, features);
  if (values.some((x) => x === 0)) throw new CorruptBytes(`one of the ${what} is 0`, reader.at);
  return values;
}
