import { canonicalJson } from '../../core/config/hash.ts';
import { fail, ok, type Result } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import { firstState } from '../decide/step.ts';
import type { Policy } from '../decide/types.ts';
import type { Observation } from '../observation.ts';
import type { Input, MonitorState } from '../types.ts';

/**
 * Evidence of a decision: a manifest that names, by SHA-256, everything that the decision is a function of. An observation
 * itself is not in it but the counts that it was computed from, so that an explanation starts from what was counted.
 */
const FORMAT = 'tidewatch-evidence';
const VERSION = 1;
/** Parts of an observation: ten spans and intervals, each a reference and its counts, leave plenty of room. */
export const MAX_PARTS = 256;

/** What an observation was computed from, as monitor/figures/evidence.ts packs it. */
export interface ObservedParts {
  /** Names the blobs; plain JSON. */
  manifest: unknown;
  /** By SHA-256. */
  blobs: ReadonlyMap<string, Uint8Array>;
}

export interface PackedEvidence {
  /** SHA-256 of the manifest: what an entry of the ledger names. */
  sha256: string;
  /** Manifest and all that it names, by SHA-256. */
  blobs: ReadonlyMap<string, Uint8Array>;
}

interface Manifest {
  format: typeof FORMAT;
  version: typeof VERSION;
  policy: string;
  state: string;
  input: string;
  /** null: the input is whole by itself. */
  observed: { manifest: string; parts: readonly string[] } | null;
}

/** Evidence whose bytes are what their hashes say. observed: the input's observation is to be computed again. */
export interface ReadEvidence {
  policy: Policy;
  state: MonitorState;
  input: Input | { kind: 'observation'; key: string; observation: null };
  observed: ObservedParts | null;
  /** Blobs read, the manifest among them. */
  count: number;
  sizeBytes: number;
}

/** state: before the input was taken. Policy and input are shared by the decisions of one input, the policy by all. */
export function evidenceOf(given: {
  policy: Policy;
  state: MonitorState;
  input: Input;
  observed?: ObservedParts | null;
}): PackedEvidence {
  const blobs = new Map<string, Uint8Array>();
  const put = (value: unknown): string => {
    const bytes = Buffer.from(canonicalJson(value));
    const sha256 = sha256Hex(bytes);
    blobs.set(sha256, bytes);
    return sha256;
  };
  const { policy, state, input, observed = null } = given;
  const computed = input.kind === 'observation' && observed !== null;
  const manifest: Manifest = {
    format: FORMAT,
    version: VERSION,
    policy: put(policy),
    state: put(state),
    input: put(computed ? { ...input, observation: null } : input),
    observed: computed ? { manifest: put(observed.manifest), parts: [...observed.blobs.keys()].sort() } : null,
  };
  if (computed) for (const [sha256, bytes] of observed.blobs) blobs.set(sha256, bytes);
  return { sha256: put(manifest), blobs };
}

export type GetEvidence = (sha256: string) => Promise<Uint8Array | null>;

/** Reads evidence back and holds every blob against its hash. Faults: evidence_missing, evidence_altered. */
export async function readEvidence(sha256: string, get: GetEvidence): Promise<Result<ReadEvidence>> {
  let count = 0;
  let sizeBytes = 0;
  const bytesOf = async (hash: string, what: string): Promise<Result<Uint8Array>> => {
    const bytes = await blobOf(hash, what, get);
    if (bytes.ok) {
      count++;
      sizeBytes += bytes.value.length;
    }
    return bytes;
  };
  const readJson = async (hash: string, what: string): Promise<Result<unknown>> => {
    const bytes = await bytesOf(hash, what);
    return bytes.ok ? parsed(bytes.value, what) : bytes;
  };

  const manifest = await readJson(sha256, 'the manifest');
  if (!manifest.ok) return manifest;
  if (!isManifest(manifest.value)) return fail('evidence_altered', `${sha256} is no manifest of this version`);
  const { observed: names } = manifest.value;
  const policy = await readJson(manifest.value.policy, 'the policy');
  if (!policy.ok) return policy;
  const state = await readJson(manifest.value.state, 'the state before');
  if (!state.ok) return state;
  const input = await readJson(manifest.value.input, 'the input');
  if (!input.ok) return input;
  let observed: ObservedParts | null = null;
  if (names !== null) {
    const inner = await readJson(names.manifest, 'what was observed');
    if (!inner.ok) return inner;
    const blobs = new Map<string, Uint8Array>();
    for (const part of names.parts) {
      const bytes = await bytesOf(part, 'a part of what was observed');
      if (!bytes.ok) return bytes;
      blobs.set(part, bytes.value);
    }
    observed = { manifest: inner.value, blobs };
  }
  return ok({
    policy: policy.value as Policy,
    state: { ...firstState(''), ...(state.value as MonitorState) },
    input: input.value as ReadEvidence['input'],
    observed,
    count,
    sizeBytes,
  });
}

/** The policy alone, of evidence whose other parts are not looked at. Faults: evidence_missing, evidence_altered. */
export async function readPolicyOf(sha256: string, get: GetEvidence): Promise<Result<Policy>> {
  const bytes = await blobOf(sha256, 'the manifest', get);
  const manifest = bytes.ok ? parsed(bytes.value, 'the manifest') : bytes;
  if (!manifest.ok) return manifest;
  if (!isManifest(manifest.value)) return fail('evidence_altered', `${sha256} is no manifest of this version`);
  const policy = await blobOf(manifest.value.policy, 'the policy', get);
  return policy.ok ? (parsed(policy.value, 'the policy') as Result<Policy>) : policy;
}

async function blobOf(hash: string, what: string, get: GetEvidence): Promise<Result<Uint8Array>> {
  const bytes = await get(hash);
  if (bytes === null) return fail('evidence_missing', `${what}, ${hash}`);
  return sha256Hex(bytes) === hash ? ok(bytes) : fail('evidence_altered', `${what}, ${hash}`);
}

function parsed(bytes: Uint8Array, what: string): Result<unknown> {
  try {
    return ok(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return fail('evidence_altered', `${what} is not JSON`);
  }
}

const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

function isManifest(value: unknown): value is Manifest {
  if (value === null || typeof value !== 'object') return false;
  const { format, version, policy, state, input, observed } = value as Partial<Manifest>;
  if (format !== FORMAT || version !== VERSION || !isHash(policy) || !isHash(state) || !isHash(input)) return false;
  if (observed === null) return true;
  const { manifest, parts } = (observed ?? {}) as { manifest?: unknown; parts?: unknown };
  return isHash(manifest) && Array.isArray(parts) && parts.length <= MAX_PARTS && parts.every(isHash);
}

/** Computes an observation again from its parts; wired to monitor/figures. */
export type Observe = (parts: ObservedParts) => Result<Observation>;
