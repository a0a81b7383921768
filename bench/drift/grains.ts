import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import type { IntervalProfile } from '../../core/types.ts';
import { decodeCounts } from '../../detector/interval-codec.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import { emptyCounts, mergeCounts } from '../../detector/interval-merge.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import { MAX_HISTORY, type ObserveInput } from '../../monitor/figures/input.ts';

const DAY_MS = 86_400_000;

/** The profiles that a fold puts out, put together as the monitor would. */
export class Grains {
  readonly #reference: ReferenceProfile;
  readonly #intervalMs: number;
  readonly #grainMs: number;
  readonly #grains: IntervalCounts[] = [];

  constructor(reference: ReferenceProfile, intervalMs: number, grainMs: number) {
    this.#reference = reference;
    this.#intervalMs = intervalMs;
    this.#grainMs = grainMs;
  }

  take(profiles: readonly IntervalProfile[]): void {
    for (const { modelId, bytes } of profiles)
      if (modelId !== '') this.#grains.push(orThrow(decodeCounts(bytes, this.#reference)));
  }

  input(stream: StreamConfig, modelId: string, atMs: number): ObserveInput {
    const merged = (fromMs: number, toMs: number): IntervalCounts | null => {
      const parts = this.#grains.filter((g) => g.modelId === modelId && g.startMs >= fromMs && g.endMs <= toMs);
      if (parts.length === 0) return null;
      const whole = emptyCounts(fromMs, toMs, modelId, this.#reference);
      for (const part of parts) orThrow(mergeCounts(whole, part));
      return whole;
    };
    const interval = (endMs: number) => merged(endMs - this.#intervalMs, endMs);
    return {
      ...{ stream, policy: stream.policy, atMs, modelId, reference: this.#reference },
      spans: {
        grain: merged(atMs - this.#grainMs, atMs),
        interval: interval(atMs),
        day: merged(atMs - DAY_MS, atMs),
        week: merged(atMs - 7 * DAY_MS, atMs),
      },
      history: Array.from({ length: MAX_HISTORY }, (_, i) =>
        interval(atMs - (MAX_HISTORY - i) * this.#intervalMs),
      ).filter((counts) => counts !== null),
      dayAgo: interval(atMs - DAY_MS),
      weekAgo: interval(atMs - 7 * DAY_MS),
      ...{ labels: [], latencyP99Ms: null, quality: null, trainedMs: null, newestMs: atMs },
    };
  }
}
