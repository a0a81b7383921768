import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import type { Assessment } from './assessment.ts';
import { combine } from './calibration.ts';
import { EVIDENCE, evidenceSize, featureEvidence, gatherEvidence, startEvidence } from './evidence.ts';
import { historySize, newRow, observe, type Row } from './forecast.ts';
import { GAP_ROWS, LAG_ROWS, rowsOf } from './history.ts';
import { decades } from './knots.ts';
import type { EntityModel, StreamModel } from './model.ts';
import type { ServedModel } from './served-model.ts';

/** Rows after which the histories of an entity have filled enough for its severity to be trusted. */
const SETTLED_ROWS = 2 * GAP_ROWS;
/**
 * Rows after which its slow means have filled too. Training sees each entity begin once in thousands of rows, so what a
 * beginning looks like is hardly in the calibration: until here windows alert up to ten times as often as later.
 */
const WARM_ROWS = 128;

/** Scores the rows of one entity by its profile and the stream's forest; its state is two flat arrays. */
export class ForestScorer {
  readonly entity: EntityModel;
  readonly #served: ServedModel;
  readonly #model: StreamModel;
  readonly #history: Float64Array;
  readonly #evidence: Float64Array;
  /** Results of a row, shared by the scorers of a width: they are read before the next row. */
  readonly #row: Row;

  /** served: with a model. */
  constructor(served: ServedModel, entity: EntityModel, rows: Map<number, Row>) {
    const model = served.model!;
    const n = entity.profile.features.length;
    this.#served = served;
    this.#model = model;
    this.entity = entity;
    this.#history = new Float64Array(historySize(n));
    this.#evidence = new Float64Array(evidenceSize(n));
    startEvidence(this.#evidence, model.forest.typical.median);
    let row = rows.get(n);
    if (row === undefined) {
      row = newRow(n);
      rows.set(n, row);
    }
    this.#row = row;
  }

  /** A forest that throws leaves out.failed, and a row without a score. */
  assess(values: Float64Array, out: Assessment): void {
    const row = this.#row;
    observe(this.entity.profile, this.#history, values, row);
    const tailSum = gatherEvidence(row.evidence, this.#evidence, EVIDENCE_ROW);
    const { forest, calibration } = this.#model;
    // Before the first forecast there is nothing to judge, and a row without evidence is not one of little evidence.
    const judged = rowsOf(this.#history) > LAG_ROWS;
    try {
      out.score = judged ? combine(calibration, forest.score(EVIDENCE_ROW, 0), tailSum) : 0;
    } catch {
      out.failed = true; // whatever it threw: the fallback judges this row, and the breaker looks at how many there are
    }
    out.decades = decades(out.score, this.#served.combined ?? calibration.combined);
    out.probation = rowsOf(this.#history) <= SETTLED_ROWS;
    out.low.set(row.low);
    out.high.set(row.high);
    featureEvidence(row.evidence, this.#evidence, out.weights);
  }

  get warm(): boolean {
    return rowsOf(this.#history) > WARM_ROWS;
  }

  save(writer: ByteWriter): void {
    writer.f64s(this.#history);
    writer.f64s(this.#evidence);
  }

  load(reader: ByteReader): void {
    for (const [what, state] of [
      ['history', this.#history],
      ['evidence', this.#evidence],
    ] as const) {
      const saved = reader.f64s(what);
      if (saved.length !== state.length)
        throw new CorruptBytes(`${what} has ${saved.length} values, expected ${state.length}`, reader.at);
      state.set(saved);
    }
  }
}

const EVIDENCE_ROW = new Float64Array(EVIDENCE);
