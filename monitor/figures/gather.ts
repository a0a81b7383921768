import type { PolicyConfig } from '../../core/config/policy.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import type { Span } from '../../core/triggers.ts';
import type { IntervalProfile } from '../../core/types.ts';
import { decodeCounts, mergeCounts } from '../../detector/interval-codec.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import { type LabelledWindow, MAX_HISTORY, type ObserveInput } from './input.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

export interface GatherInput {
  stream: StreamConfig;
  policy: PolicyConfig;
  /** End of the grain that is looked at. */
  atMs: number;
  newestMs: number;
  /** Profiles of grains that start in gatherRange, in any order. */
  profiles: readonly IntervalProfile[];
  /** Reference of a model; null when it has none or is not known. */
  referenceOf: (modelId: string) => ReferenceProfile | null;
  labels: readonly LabelledWindow[];
  latencyP99Ms: number | null;
  quality: ObserveInput['quality'];
  trainedMs: number | null;
  /** Reads a profile on the bins of its model; who looks often remembers what it has read. Default: read anew. */
  read?: ReadProfile;
}

export type ReadProfile = (profile: IntervalProfile, reference: ReferenceProfile | null) => IntervalCounts;
const readAnew: ReadProfile = ({ bytes }, reference) => orThrow(decodeCounts(bytes, reference));

/** Remembers what it has read of the newest so many profiles; none of it is changed by gather. */
export function rememberingReader(most: number): ReadProfile {
  const known = new Map<IntervalProfile['bytes'], IntervalCounts>();
  return (profile, reference) => {
    const before = known.get(profile.bytes);
    if (before !== undefined) return before;
    const counts = readAnew(profile, reference);
    known.set(profile.bytes, counts);
    if (known.size > most) known.delete(known.keys().next().value!);
    return counts;
  };
}

/** The span of starts of grains that an observation looks back on. */
export function gatherRange(stream: StreamConfig, atMs: number): { fromMs: number; toMs: number } {
  const { intervalMs } = stream.profile;
  const backMs = Math.max(WEEK_MS + intervalMs, (MAX_HISTORY + 1) * intervalMs);
  return { fromMs: atMs - backMs, toMs: atMs };
}

/**
 * Puts stored profiles together for an observation: over partitions and grains, for each span, under the model that was in
 * force in the newest grain; counts of other models are on other bins and are left out. Throws profile_corrupt.
 */
export function gather(input: GatherInput): ObserveInput {
  const { stream, policy, atMs, profiles, newestMs } = input;
  const { grainMs, intervalMs } = stream.profile;
  const inGrain = profiles.filter((p) => p.startMs >= atMs - grainMs && p.startMs < atMs);
  const modelId = newestModel(inGrain.length > 0 ? inGrain : profiles);
  const reference = input.referenceOf(modelId);
  const counts = profiles
    .filter((profile) => profile.modelId === modelId && profile.endMs <= atMs)
    .map((profile) => (input.read ?? readAnew)(profile, reference));
  // what began with another model is no interval of this one
  const inForceMs = Math.min(...counts.map(({ startMs }) => startMs));
  const merged = (fromMs: number, toMs: number) => mergedOf(counts, fromMs, toMs, modelId);
  const back = (ms: number) => merged(atMs - ms, atMs);
  const whole = (fromMs: number, toMs: number) => (fromMs < inForceMs ? null : merged(fromMs, toMs));
  const spans: Record<Span, IntervalCounts | null> = {
    grain: back(grainMs),
    interval: whole(atMs - intervalMs, atMs),
    day: back(Math.max(DAY_MS, intervalMs)),
    week: back(Math.max(WEEK_MS, intervalMs)),
  };
  const history: IntervalCounts[] = [];
  for (let i = MAX_HISTORY; i >= 1; i--) {
    const one = whole(atMs - (i + 1) * intervalMs, atMs - i * intervalMs);
    if (one !== null) history.push(one);
  }
  return {
    stream,
    policy,
    atMs,
    modelId,
    reference,
    spans,
    history,
    dayAgo: whole(atMs - DAY_MS - intervalMs, atMs - DAY_MS),
    weekAgo: whole(atMs - WEEK_MS - intervalMs, atMs - WEEK_MS),
    labels: input.labels,
    latencyP99Ms: input.latencyP99Ms,
    quality: input.quality,
    trainedMs: input.trainedMs,
    newestMs,
  };
}

/** The model of the newest profile; of several the one that came into force last. */
function newestModel(profiles: readonly IntervalProfile[]): string {
  let newest: IntervalProfile | null = null;
  for (const profile of profiles) {
    const later =
      newest === null ||
      profile.startMs > newest.startMs ||
      (profile.startMs === newest.startMs && profile.sequence > newest.sequence);
    if (later) newest = profile;
  }
  return newest?.modelId ?? '';
}

function mergedOf(
  all: readonly IntervalCounts[],
  fromMs: number,
  toMs: number,
  modelId: string,
): IntervalCounts | null {
  let sum: IntervalCounts | null = null;
  for (const counts of all) {
    if (counts.startMs < fromMs || counts.startMs >= toMs || counts.modelId !== modelId) continue;
    if (sum === null) sum = structuredClone(counts);
    else orThrow(mergeCounts(sum, counts));
  }
  return sum;
}
