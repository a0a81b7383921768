import { sha256Hex } from '../hash.ts';
import type { StreamConfig } from './stream.ts';

/**
 * 12 hex digits that name what decides detection: equal for two streams whose windows would be judged alike. Name,
 * topic, encoding and entity tags only say where the points come from, the filter only which of them.
 */
export function configHash(stream: StreamConfig): string {
  const { window, features, missing, limits, detector, incidents, training, schemaVersion } = stream;
  return sha256Hex(
    canonicalJson({ window, features, missing, limits, detector, incidents, training, schemaVersion }),
  ).slice(0, 12);
}

/** 12 hex digits that name what a saved partition state is made of: with another, its numbers would mean something else. */
export function stateHash(stream: StreamConfig): string {
  const { window, features, missing, schemaVersion, profile } = stream;
  const { sizeMs, hopMs } = window;
  const { grainMs } = profile;
  return sha256Hex(canonicalJson({ sizeMs, hopMs, features, missing: missing.mode, schemaVersion, grainMs })).slice(
    0,
    12,
  );
}

/** JSON with sorted keys and without undefined, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`);
  return `{${entries.join(',')}}`;
}
