import type { Random } from '../../core/random.ts';
import { EVIDENCE, evidenceSize, gatherEvidence } from '../../detector/evidence.ts';
import { historySize, newRow, observe } from '../../detector/forecast.ts';
import { GAP_ROWS } from '../../detector/history.ts';
import { CONTEXT, type Profile } from '../../detector/profile.ts';
import type { TimedSeries } from '../../detector/train.ts';
import { altered, drawEpisode, type Episode } from './episodes.ts';

/** As training cuts its rows: nine blocks, every third kept from the forest; the first rows fill the histories. */
const BLOCKS = 9;
const SETTLING_ROWS = 2 * GAP_ROWS;
/** Kept rows of validation for each episode that is injected into them; episodes may overlap, for none sees another. */
const ROWS_AN_EPISODE = 5;

/** Evidence rows (EVIDENCE numbers each) with their tail sums. */
export class EvidenceRows {
  readonly sums: number[] = [];
  readonly #evidence: number[] = [];

  push(row: Float64Array, sum: number): void {
    this.sums.push(sum);
    for (let k = 0; k < EVIDENCE; k++) this.#evidence.push(row[k]!);
  }

  get length(): number {
    return this.sums.length;
  }

  rows(): Float64Array {
    return Float64Array.from(this.#evidence);
  }
}

/** All that a forest is judged by: what it grows from, what calibrates it, untouched validation and injected episodes. */
export class SearchEvidence {
  readonly forest = new EvidenceRows();
  readonly heldOut = new EvidenceRows();
  readonly clean = new EvidenceRows();
  readonly injected = new EvidenceRows();
  /** First row of each episode among the injected ones. */
  readonly starts: number[] = [];

  /**
   * Runs an entity through the code that serves: its first trainRows rows are training, the others validation, of which
   * every `stride`th is kept. Each episode branches off the untouched history, so that none colours the next. Validation
   * rows with a larger tail sum than any in training are left out: those are incidents of their own, and would use up
   * the alarms that all candidates share.
   */
  add(series: TimedSeries, trainRows: number, profile: Profile, random: Random, stride: number): void {
    const n = series.features.length;
    const row = newRow(n);
    const history = new Float64Array(historySize(n));
    const state = new Float64Array(evidenceSize(n));
    const evidence = new Float64Array(EVIDENCE);
    const episodes = episodesOf(series, trainRows, random, stride);
    let worst = 0;
    let sum = 0;
    for (let i = 0; i < series.rows; i++) {
      if (sum <= worst)
        for (const episode of episodes.get(i) ?? [])
          this.#inject(episode, series, profile, history.slice(), state.slice());
      observe(profile, history, series.values.subarray(i * n, (i + 1) * n), row);
      sum = gatherEvidence(row.evidence, state, evidence);
      if (i < trainRows) worst = Math.max(worst, sum);
      if (sum > worst || i < SETTLING_ROWS || i % stride !== 0) continue;
      if (i >= trainRows) this.clean.push(evidence, sum);
      else if (Math.floor((i * BLOCKS) / trainRows) % 3 === 2) this.heldOut.push(evidence, sum);
      else this.forest.push(evidence, sum);
    }
  }

  #inject(episode: Episode, series: TimedSeries, profile: Profile, history: Float64Array, state: Float64Array): void {
    const n = series.features.length;
    const row = newRow(n);
    const evidence = new Float64Array(EVIDENCE);
    const held = series.values[(episode.at - 1) * n + episode.column]!;
    this.starts.push(this.injected.length);
    for (let i = 0; i < episode.length; i++) {
      const values = series.values.slice((episode.at + i) * n, (episode.at + i + 1) * n);
      values[episode.column] = altered(episode, i, values[episode.column]!, held);
      observe(profile, history, values, row);
      this.injected.push(evidence, gatherEvidence(row.evidence, state, evidence));
    }
  }
}

function episodesOf(series: TimedSeries, trainRows: number, random: Random, stride: number): Map<number, Episode[]> {
  const sds = spreads(series, trainRows);
  const byRow = new Map<number, Episode[]>();
  for (let k = Math.ceil((series.rows - trainRows) / (ROWS_AN_EPISODE * stride)); k > 0; k--) {
    const episode = drawEpisode(random, trainRows, series.rows, sds);
    if (episode === null) continue;
    const there = byRow.get(episode.at);
    if (there === undefined) byRow.set(episode.at, [episode]);
    else there.push(episode);
  }
  return byRow;
}

/** Standard deviation of each column over the first rows; 0 for a constant and for what is no evidence of its own. */
function spreads({ features, traits, values }: TimedSeries, rows: number): Float64Array {
  const n = features.length;
  return Float64Array.from(features, (_, c) => {
    if ((traits[c]! & CONTEXT) !== 0) return 0;
    let count = 0;
    let mean = 0;
    let m2 = 0;
    for (let i = 0; i < rows; i++) {
      const x = values[i * n + c]!;
      if (Number.isNaN(x)) continue;
      const d = x - mean;
      mean += d / ++count;
      m2 += d * (x - mean);
    }
    return count > 1 ? Math.sqrt(m2 / count) : 0;
  });
}
