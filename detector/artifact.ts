import { createHash } from 'node:crypto';
import { ByteReader, ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { fail, ok, type Result, TidewatchError } from '../core/errors.ts';

/*
 * The container of a model: magic (8 bytes), format version (u32), kind (u32), count of sections (u32), for each its
 * name (u32 length, UTF-8) and byte length (u32), then the sections' bytes in the same order, then the SHA-256 of
 * everything before it (32 bytes). Little-endian, nothing between, nothing after.
 */
const MAGIC = 'TWMODEL\0';
const VERSION = 1;
const KINDS = ['table', 'stream'] as const;
const HASH_BYTES = 32;
/** A model must fit into memory, a database row and a second of anybody's network. */
export const MAX_ARTIFACT_BYTES = 20_000_000;
const MAX_SECTIONS = 64;
const MAX_NAME_BYTES = 64;

export type ArtifactKind = (typeof KINDS)[number];

export interface Artifact {
  kind: ArtifactKind;
  /** In the order written. Views of the bytes read. */
  sections: Map<string, Uint8Array>;
  /** Of everything but itself, in lower-case hex: the model's id. */
  sha256: string;
}

/** Packs sections; throws artifact_too_large when they exceed MAX_ARTIFACT_BYTES. */
export function writeArtifact(kind: ArtifactKind, sections: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const writer = new ByteWriter(65_536);
  writer.raw(ascii(MAGIC));
  writer.u32(VERSION);
  writer.u32(KINDS.indexOf(kind));
  writer.u32(sections.size);
  for (const [name, bytes] of sections) {
    writer.text(name);
    writer.u32(bytes.length);
  }
  for (const bytes of sections.values()) writer.raw(bytes);
  const size = writer.length + HASH_BYTES;
  if (size > MAX_ARTIFACT_BYTES) throw new TidewatchError('artifact_too_large', `it would have ${size} bytes`);
  writer.raw(digest(writer.finish()));
  return writer.finish();
}

/** Verifies and opens an artifact. The hash is checked before anything but size, magic and version is believed. */
export function readArtifact(bytes: Uint8Array): Result<Artifact> {
  if (bytes.length > MAX_ARTIFACT_BYTES) return fail('artifact_too_large', `it has ${bytes.length} bytes`);
  try {
    return read(bytes);
  } catch (cause) {
    if (cause instanceof CorruptBytes) return fail('artifact_corrupt', cause.message);
    throw cause;
  }
}

function read(bytes: Uint8Array): Result<Artifact> {
  const reader = new ByteReader(bytes);
  const magic = reader.raw(MAGIC.length, 'magic');
  if (!ascii(MAGIC).every((byte, i) => byte === magic[i])) {
    return fail('artifact_corrupt', `magic is ${hex(magic)}, expected ${hex(ascii(MAGIC))} (TWMODEL)`);
  }
  const version = reader.u32('format version');
  if (version !== VERSION) return fail('artifact_version', `format version is ${version}, expected ${VERSION}`);
  if (reader.remaining < HASH_BYTES) return fail('artifact_corrupt', `${bytes.length} bytes have no room for a hash`);
  const body = bytes.subarray(0, bytes.length - HASH_BYTES);
  const sha256 = hex(digest(body));
  const stored = hex(bytes.subarray(bytes.length - HASH_BYTES));
  if (sha256 !== stored) return fail('artifact_corrupt', `SHA-256 is ${sha256}, the artifact says ${stored}`);
  return openBody(reader, bytes.length - HASH_BYTES, sha256);
}

function openBody(reader: ByteReader, end: number, sha256: string): Result<Artifact> {
  const kindNumber = reader.u32('kind');
  const kind = KINDS[kindNumber];
  if (kind === undefined) return fail('artifact_corrupt', `kind is ${kindNumber}, expected 0 to ${KINDS.length - 1}`);
  const lengths = new Map<string, number>();
  const count = reader.count('sections', 8, MAX_SECTIONS);
  for (let i = 0; i < count; i++) {
    const name = reader.text('section name', MAX_NAME_BYTES);
    if (lengths.has(name)) return fail('artifact_corrupt', `section ${name} comes twice`);
    lengths.set(name, reader.u32(`length of section ${name}`));
  }
  const sections = new Map<string, Uint8Array>();
  for (const [name, length] of lengths) sections.set(name, reader.raw(length, `section ${name}`));
  if (reader.at !== end) return fail('artifact_corrupt', `sections end at byte ${reader.at}, expected ${end}`);
  return ok({ kind, sections, sha256 });
}

/** A reader of one section; throws CorruptBytes when there is none. */
export function section(artifact: Artifact, name: string): ByteReader {
  const bytes = artifact.sections.get(name);
  if (bytes === undefined) throw new CorruptBytes(`section ${name} is missing`, 0);
  return new ByteReader(bytes);
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const digest = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
