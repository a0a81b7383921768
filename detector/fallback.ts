import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { Assessment } from './assessment.ts';
import { EVIDENCE, gatherEvidence, TOP } from './evidence.ts';
import type { StreamModel } from './model.ts';
import { emit } from './online/emission.ts';
import { slotAt, slotMemory } from './online/means.ts';
import { rank, spreadOf } from './online/severity.ts';
import { OnlineState } from './online/state.ts';
import { expectBand, observe, TAILS } from './online/tails.ts';

/** Rows of an entity before its verdicts are off probation. */
export const PROBATION_ROWS = 50;
/** Metrics in the sum: an incident rarely shows in fewer, and more would drown it. */
const SUMMED = 3;
/** Weight of the forest's excess over its median against the sum of tails. */
const FOREST_WEIGHT = 0.5;

const evidenceRow = new Float64Array(EVIDENCE);
const tails = new Float64Array(TAILS);
const largestTails = new Float64Array(TOP);
const largest = new Float64Array(SUMMED);

/**
 * Judges an entity by its own past alone, from its first row on: the sum of its three most unusual metrics, ranked
 * among the entity's own sums. A forest that its stream trained by itself adds to the sum when there is one.
 */
export class FallbackScorer {
  readonly #context: readonly boolean[];
  #state: OnlineState;
  #spread: number;

  /** context: of each feature, whether it is without evidence of its own. */
  constructor(context: readonly boolean[], state = new OnlineState(carriers(context))) {
    this.#context = context;
    this.#state = state;
    this.#spread = spreadOf(state.metrics);
  }

  /** Rows with a value so far. */
  get rows(): number {
    return this.#state.rows;
  }

  /** The scorer of the features that come from kept[c] (−1 = a new one). */
  rearranged(kept: Int32Array, context: readonly boolean[]): FallbackScorer {
    const place = new Map<number, number>();
    this.#context.forEach((silent, c) => {
      if (!silent) place.set(c, place.size);
    });
    const carried: number[] = [];
    context.forEach((silent, c) => {
      if (!silent) carried.push(place.get(kept[c]!) ?? -1);
    });
    return new FallbackScorer(context, this.#state.rearranged(carried));
  }

  /**
   * Judges a row by the past, then learns it. model: of kind 'online', or null for tails alone. A row of missing values
   * is no evidence and teaches nothing.
   */
  assess(
    values: Float64Array,
    startMs: number,
    hopMs: number,
    out: Assessment,
    model: StreamModel | null = null,
  ): void {
    const state = this.#state;
    const sum = this.gather(values, startMs, hopMs, evidenceRow, out);
    out.probation = state.rows <= PROBATION_ROWS;
    out.onset = true;
    if (Number.isNaN(sum)) return;
    out.score = sum;
    if (model !== null && hasEvidence()) {
      const excess = forestExcess(model, out);
      if (excess > 0) out.score += FOREST_WEIGHT * excess;
    }
    out.decades = emit(state.means, state.emissionAt, rank(state.counts, state.severityAt, out.score, this.#spread));
  }

  /**
   * Learns a row; what a forest sees of it to evidence (EVIDENCE numbers), the evidence and band of each feature to
   * out, if given. Returns the sum of the largest evidences, NaN for a row of missing values.
   */
  gather(values: Float64Array, startMs: number, hopMs: number, evidence: Float64Array, out: Assessment | null): number {
    const context = this.#context;
    const state = this.#state;
    if (!hasFinite(values, context)) return Number.NaN;
    const memory = slotMemory(state.open(startMs, hopMs));
    const slot = slotAt(startMs);
    largest.fill(0);
    largestTails.fill(0);
    for (let c = 0, i = 0; c < values.length; c++) {
      if (context[c]) continue;
      const metric = i++;
      if (out !== null) expectBand(state, metric, slot, out.low, out.high, c);
      if (!Number.isFinite(values[c]!)) continue;
      const u = observe(state, metric, values[c]!, slot, memory, tails, 0);
      if (out !== null) out.weights[c] = u;
      insert(largest, u);
      for (let j = 0; j < TAILS; j++) insert(largestTails, tails[j]!);
    }
    // Only the largest count, so the state need not know how many there are.
    gatherEvidence(largestTails, state.evidence, evidence);
    return largest[0]! + largest[1]! + largest[2]!;
  }

  save(writer: ByteWriter): void {
    this.#state.save(writer);
  }

  static load(reader: ByteReader, context: readonly boolean[]): FallbackScorer {
    return new FallbackScorer(context, OnlineState.load(reader, carriers(context)));
  }
}

/** How far the forest's score of the evidence lies above its median; 0 and out.failed when the forest throws. */
function forestExcess(model: StreamModel, out: Assessment): number {
  try {
    return model.forest.score(evidenceRow, 0) - model.calibration.forest.median;
  } catch {
    out.failed = true; // whatever it threw: tails alone judge this row
    return 0;
  }
}

function carriers(context: readonly boolean[]): number {
  let n = 0;
  for (const silent of context) if (!silent) n++;
  return n;
}

function hasFinite(values: Float64Array, context: readonly boolean[]): boolean {
  for (let c = 0; c < values.length; c++) if (!context[c] && Number.isFinite(values[c]!)) return true;
  return false;
}

/** False until something has deviated: a forest would call the row of a constant series odd. */
function hasEvidence(): boolean {
  for (let k = 0; k < EVIDENCE; k++) if (evidenceRow[k] !== 0) return true;
  return false;
}

/** Puts x into its place among the largest, which are in descending order. */
function insert(ranked: Float64Array, x: number): void {
  let k = ranked.length - 1;
  if (x <= ranked[k]!) return;
  while (k > 0 && ranked[k - 1]! < x) {
    ranked[k] = ranked[k - 1]!;
    k--;
  }
  ranked[k] = x;
}
