import { exp2 } from '../../core/math.ts';
import type { Random } from '../../core/random.ts';

/** How a metric goes wrong in an injected episode. */
export const EPISODE_KINDS = ['level shift', 'spike', 'stuck', 'drift'] as const;
export type EpisodeKind = (typeof EPISODE_KINDS)[number];

/** Windows of an episode; a spike is shorter. */
const LENGTH = { least: 8, most: 40 };
const SPIKE_LENGTH = 2;
/** Magnitudes in standard deviations of training, log-uniform: from what hardly shows to what nobody misses. */
const LOG2_LEAST = -1;
const LOG2_MOST = 3;

export interface Episode {
  kind: EpisodeKind;
  /** First row, and rows. */
  at: number;
  length: number;
  /** Column that goes wrong, and by how much at most, in its own unit. */
  column: number;
  size: number;
}

/**
 * Draws an episode within the rows [from, to) of an entity. sds: standard deviation of each column in training; a column
 * without one is never drawn. Null when nothing can be drawn.
 */
export function drawEpisode(random: Random, from: number, to: number, sds: Float64Array): Episode | null {
  const columns = Array.from(sds.keys()).filter((c) => sds[c]! > 0);
  const kind = EPISODE_KINDS[random.below(EPISODE_KINDS.length)]!;
  const wanted =
    kind === 'spike' ? 1 + random.below(SPIKE_LENGTH) : LENGTH.least + random.below(LENGTH.most - LENGTH.least + 1);
  const length = Math.min(wanted, to - from);
  const at = from + random.below(to - from - length + 1);
  const column = columns[random.below(columns.length)];
  const magnitude = exp2(LOG2_LEAST + (LOG2_MOST - LOG2_LEAST) * random.next());
  const sign = random.next() < 0.5 ? -1 : 1;
  if (column === undefined || length < 1) return null;
  return { kind, at, length, column, size: sign * magnitude * sds[column]! };
}

/** The altered value of an episode's row i (0 … length − 1). held: the value just before the episode. */
export function altered({ kind, length, size }: Episode, i: number, value: number, held: number): number {
  switch (kind) {
    case 'stuck':
      return held;
    case 'drift':
      return value + (size * (i + 1)) / length;
    default:
      return value + size;
  }
}
