/**
 * The Numenta Anomaly Benchmark's score (Lavin and Ahmad 2015, arXiv:1510.03336): one threshold for all files, a gain
 * for the first alarm in a window that falls from 1 at its left edge to 0 at its right, a cost for each alarm outside.
 */
export const NAB_PROFILES = {
  standard: { found: 1, falseAlarm: 0.11, missed: 1 },
  reward_low_FP_rate: { found: 1, falseAlarm: 0.22, missed: 1 },
  reward_low_FN_rate: { found: 1, falseAlarm: 0.11, missed: 2 },
} as const;
export type NabProfile = keyof typeof NAB_PROFILES;

/** Rows at the start of a file that are not scored: this share of them, at most that of so many rows. */
const PROBATION_SHARE = 0.15;
const PROBATION_ROWS = 5_000;

export interface NabFile {
  name: string;
  /** Event times of the rows. */
  timesMs: Float64Array;
  /** In [0, 1]. */
  scores: Float64Array;
  /** First and last time of each window. */
  windows: readonly (readonly [firstMs: number, lastMs: number])[];
}

/** 2 / (1 + e^(5x)) − 1: about 1 at the left edge of a window (x = −1), 0 at its right edge, −1 from three widths past it. */
const sigmoid = (x: number): number => (x >= 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1);

interface ScoredRow {
  score: number;
  gain: number;
  /** Number of the window over all files, or −1. */
  window: number;
}

/** Throws a RangeError for a window whose edge is no row of its file. */
function rowsOf(file: NabFile, firstWindow: number): ScoredRow[] {
  const n = file.timesMs.length;
  const rowAt = new Map<number, number>();
  file.timesMs.forEach((time, i) => {
    if (!rowAt.has(time)) rowAt.set(time, i);
  });
  const spans = file.windows.map(([first, last]) => {
    const left = rowAt.get(first);
    const right = rowAt.get(last);
    if (left === undefined || right === undefined) throw new RangeError(`${file.name} has no row at a window's edge`);
    return { left, right };
  });
  const rows = Array.from(file.scores, (score): ScoredRow => ({ score, gain: -1, window: -1 }));
  let cursor = 0;
  let previous: { left: number; right: number } | null = null;
  for (const [k, span] of [...spans, { left: n, right: n }].entries()) {
    const { left, right } = span;
    for (let i = cursor; i < Math.min(left, n); i++) {
      if (previous !== null) rows[i]!.gain = sigmoid((i - previous.right) / (previous.right - previous.left));
    }
    if (left >= n) break;
    for (let i = left; i <= right; i++) {
      rows[i]!.window = firstWindow + k;
      rows[i]!.gain = sigmoid(-(right - i + 1) / (right - left + 1)) / sigmoid(-1);
    }
    previous = span;
    cursor = right + 1;
  }
  return rows.slice(Math.min(Math.floor(PROBATION_SHARE * n), Math.ceil(PROBATION_SHARE * PROBATION_ROWS)));
}

/** On the benchmark's scale: 0 = silent, 100 = every window at its left edge and no false alarm. NaN without windows. */
export function nabScore(files: readonly NabFile[], profile: NabProfile): { score: number; threshold: number } {
  const weights = NAB_PROFILES[profile];
  const rows: ScoredRow[] = [];
  let windows = 0;
  for (const file of files) {
    for (const row of rowsOf(file, windows)) rows.push(row);
    windows += file.windows.length;
  }
  rows.sort((a, b) => b.score - a.score);
  const best = new Map<number, number>();
  for (const { window } of rows) if (window >= 0) best.set(window, -weights.missed);
  let total = -weights.missed * best.size;
  let highest = total;
  let threshold = 1.1;
  for (let i = 0; i < rows.length; ) {
    const at = rows[i]!.score;
    for (; i < rows.length && rows[i]!.score === at; i++) {
      const { window, gain } = rows[i]!;
      if (window < 0) {
        total += weights.falseAlarm * gain;
      } else if (weights.found * gain > best.get(window)!) {
        total += weights.found * gain - best.get(window)!;
        best.set(window, weights.found * gain);
      }
    }
    if (total > highest) {
      highest = total;
      threshold = at;
    }
  }
  const silent = -weights.missed * windows;
  return { score: (100 * (highest - silent)) / (weights.found * windows - silent), threshold };
}
