import { ByteReader, ByteWriter, CorruptBytes } from '../../core/bytes.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import type { EntityWindows } from './entity-windows.ts';
import type { GoldenSet } from './golden.ts';
import { type Injected, type InjectedEvent, KINDS } from './injected.ts';

const VERSION = 1;
const MAX_ENTITIES = 1_024;
const MAX_FEATURES = 100_000;
const MAX_EVENTS = 100_000;

/**
 * A golden set as bytes: the windows as they were and the same with their anomalies, so that a later version that injects
 * otherwise is judged on what the first was. The same set gives the same bytes.
 */
export function encodeGolden({ windows, injected }: GoldenSet): Uint8Array {
  const writer = new ByteWriter(1 << 16);
  writer.u32(VERSION);
  writer.u32(windows.length);
  for (const one of windows) writeWindows(writer, one);
  writer.u32(injected.length);
  for (const { windows: altered, events } of injected) {
    writeWindows(writer, altered);
    writer.u32(events.length);
    for (const { kind, from, to } of events) {
      writer.u8(KINDS.indexOf(kind));
      writer.u32(from);
      writer.u32(to);
    }
  }
  return writer.finish();
}

/** evidence_altered for bytes that encodeGolden did not write. */
export function decodeGolden(bytes: Uint8Array): Result<GoldenSet> {
  try {
    const reader = new ByteReader(bytes);
    const version = reader.u32('version');
    if (version !== VERSION) throw new CorruptBytes(`version is ${version}, expected ${VERSION}`, 0);
    const windows = many(reader, 'entities', MAX_ENTITIES, readWindows);
    const injected = many(reader, 'injected entities', MAX_ENTITIES, readInjected);
    if (reader.remaining > 0) throw new CorruptBytes(`${reader.remaining} bytes are left`, bytes.length);
    return ok({ windows, injected });
  } catch (cause) {
    if (cause instanceof CorruptBytes) return fail('evidence_altered', `a golden set: ${cause.message}`);
    throw cause;
  }
}

const many = <T>(reader: ByteReader, what: string, most: number, read: (reader: ByteReader) => T): T[] =>
  Array.from({ length: reader.count(what, 1, most) }, () => read(reader));

function writeWindows(writer: ByteWriter, one: EntityWindows): void {
  writer.text(one.entity);
  writer.u32(one.features.length);
  for (const feature of one.features) writer.text(feature);
  writer.f64s(one.startsMs);
  writer.f64s(one.values);
  writer.u32(one.warmUp);
  writer.raw(one.clean);
  writer.raw(new Uint8Array(one.said.buffer, one.said.byteOffset, one.said.length));
}

function readWindows(reader: ByteReader): EntityWindows {
  const entity = reader.text('entity');
  const features = many(reader, 'features', MAX_FEATURES, (r) => r.text('feature'));
  const startsMs = reader.f64s('starts');
  const values = reader.f64s('values');
  if (values.length !== startsMs.length * features.length)
    throw new CorruptBytes(`${values.length} values, expected ${startsMs.length * features.length}`, 0);
  const warmUp = reader.u32('warm-up');
  // a slice of a Buffer would be the Buffer's own memory
  const clean = Uint8Array.from(reader.raw(startsMs.length, 'clean'));
  const said = Int8Array.from(reader.raw(startsMs.length, 'labels'));
  return { entity, features, startsMs, values, warmUp, clean, said };
}

function readInjected(reader: ByteReader): Injected {
  const windows = readWindows(reader);
  const events = many(reader, 'events', MAX_EVENTS, (r): InjectedEvent => {
    const at = r.u8('kind');
    const kind = KINDS[at];
    if (kind === undefined) throw new CorruptBytes(`kind is ${at}`, 0);
    return { kind, from: r.u32('from'), to: r.u32('to') };
  });
  return { windows, events };
}
