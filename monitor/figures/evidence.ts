import { ByteReader, ByteWriter, CorruptBytes } from '../../core/bytes.ts';
import type { PolicyConfig } from '../../core/config/policy.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { SPANS } from '../../core/triggers.ts';
import { decodeCounts, encodeCounts } from '../../detector/interval-codec.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import { loadReference, saveReference } from '../../detector/reference-codec.ts';
import type { ObserveInput } from './input.ts';

/** An input with its counts and its reference as the hashes of their bytes. */
interface Manifest extends Omit<ObserveInput, 'reference' | 'spans' | 'history' | 'dayAgo' | 'weekAgo'> {
  reference: string | null;
  spans: Record<(typeof SPANS)[number], string | null>;
  history: string[];
  dayAgo: string | null;
  weekAgo: string | null;
}

/** What an observation was computed from, as plain JSON and the bytes that it names by SHA-256. */
export function packInput(input: ObserveInput): { manifest: unknown; blobs: Map<string, Uint8Array> } {
  const blobs = new Map<string, Uint8Array>();
  const put = (bytes: Uint8Array): string => {
    const hash = sha256Hex(bytes);
    blobs.set(hash, bytes);
    return hash;
  };
  const counts = (of: IntervalCounts | null) => (of === null ? null : put(encodeCounts(withoutChallengersScores(of))));
  const { reference, spans, history, dayAgo, weekAgo, ...plain } = input;
  const manifest: Manifest = {
    ...plain,
    reference: reference === null ? null : put(referenceBytes(reference)),
    spans: {
      grain: counts(spans.grain),
      interval: counts(spans.interval),
      day: counts(spans.day),
      week: counts(spans.week),
    },
    history: history.map((one) => counts(one)!),
    dayAgo: counts(dayAgo),
    weekAgo: counts(weekAgo),
  };
  return { manifest: JSON.parse(JSON.stringify(manifest)), blobs };
}

/** No figure is made of them, and their bins are in a reference that would have to be stored too. */
const withoutChallengersScores = (counts: IntervalCounts): IntervalCounts =>
  counts.challenger === null ? counts : { ...counts, challenger: { ...counts.challenger, score: null } };

function referenceBytes(reference: ReferenceProfile): Uint8Array {
  const writer = new ByteWriter();
  // where entities usually lie is in the counts already
  saveReference(writer, { ...reference, scales: null });
  return writer.finish();
}

/** The input again, for the same observation. Faults: evidence_altered, evidence_missing. */
export function unpackInput(manifest: unknown, get: (hash: string) => Uint8Array | undefined): Result<ObserveInput> {
  const { reference: referenceHash, spans, history, dayAgo, weekAgo, ...plain } = manifest as Manifest;
  try {
    const bytesOf = (hash: string): Uint8Array => {
      const bytes = get(hash);
      if (bytes === undefined) throw new Missing(hash);
      return bytes;
    };
    const reference = referenceHash === null ? null : loadReference(new ByteReader(bytesOf(referenceHash)));
    const counts = (hash: string | null): IntervalCounts | null => {
      if (hash === null) return null;
      const decoded = decodeCounts(bytesOf(hash), reference);
      if (!decoded.ok) throw new CorruptBytes(decoded.fault.detail, 0);
      return decoded.value;
    };
    return ok({
      ...(plain as { stream: StreamConfig; policy: PolicyConfig } & typeof plain),
      reference,
      spans: {
        grain: counts(spans.grain),
        interval: counts(spans.interval),
        day: counts(spans.day),
        week: counts(spans.week),
      },
      history: history.map((hash) => counts(hash)!),
      dayAgo: counts(dayAgo),
      weekAgo: counts(weekAgo),
    });
  } catch (cause) {
    if (cause instanceof Missing) return fail('evidence_missing', cause.message);
    if (cause instanceof CorruptBytes || cause instanceof TypeError) return fail('evidence_altered', cause.message);
    throw cause;
  }
}

class Missing extends Error {}
