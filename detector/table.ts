import { ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { fail, ok, type Result } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { readArtifact, section, writeArtifact } from './artifact.ts';
import { finite } from './forest/codec.ts';
import { Forest, type ForestParams } from './forest/forest.ts';

/** Rows kept with their scores; an artifact whose forest scores them otherwise does not serve. */
const GOLDEN_ROWS = 16;

/**
 * Chosen once for all tables, by ROC-AUC on eighteen public ones (docs/decisions/0002-forest-layout.md). Splits are along
 * single features because the columns of a table share no unit.
 */
export const TABLE_DEFAULTS: ForestParams = { trees: 100, sampleSize: 256, maxDepth: 10, splitFeatures: 1 };

/** A forest for plain tables: rows of numbers without time or entity. */
export class TableModel {
  readonly forest: Forest;
  readonly #golden: Float64Array;
  readonly #goldenScores: Float64Array;

  private constructor(forest: Forest, golden: Float64Array, goldenScores: Float64Array) {
    this.forest = forest;
    this.#golden = golden;
    this.#goldenScores = goldenScores;
  }

  /** Fits rows (row-major, n × width; NaN = missing). Throws too_little_data without rows. */
  static fit(rows: Float64Array, width: number, options: Partial<ForestParams> & { seed: number }): TableModel {
    const { seed, ...params } = options;
    const forest = Forest.fit(rows, width, { ...TABLE_DEFAULTS, ...params }, new Random(seed));
    const n = Math.floor(rows.length / width);
    const count = Math.min(GOLDEN_ROWS, n);
    const golden = new Float64Array(count * width);
    for (let i = 0; i < count; i++) {
      const from = Math.floor((i * n) / count) * width;
      golden.set(rows.subarray(from, from + width), i * width);
    }
    const scores = new Float64Array(count);
    forest.scoreBatch(golden, scores);
    return new TableModel(forest, golden, scores);
  }

  get width(): number {
    return this.forest.width;
  }

  /** Box-aware score of the row at row[at …]; higher is more anomalous. */
  score(row: Float64Array, at: number): number {
    return this.forest.score(row, at);
  }

  scoreBatch(rows: Float64Array, out: Float64Array): void {
    this.forest.scoreBatch(rows, out);
  }

  save(): Uint8Array {
    const forest = new ByteWriter(65_536);
    this.forest.save(forest);
    const golden = new ByteWriter();
    golden.f64s(this.#golden);
    golden.f64s(this.#goldenScores);
    return writeArtifact(
      'table',
      new Map([
        ['forest', forest.finish()],
        ['golden', golden.finish()],
      ]),
    );
  }

  /** Verifies hash, every number and the golden vectors. */
  static load(bytes: Uint8Array): Result<TableModel> {
    const artifact = readArtifact(bytes);
    if (!artifact.ok) return artifact;
    const { kind } = artifact.value;
    if (kind !== 'table') return fail('artifact_mismatch', `kind is ${kind}, expected table`);
    try {
      const forest = Forest.from(section(artifact.value, 'forest'));
      const reader = section(artifact.value, 'golden');
      const rows = reader.f64s('golden rows');
      const scores = finite(reader.at, 'golden score', reader.f64s('golden scores'));
      return verified(new TableModel(forest, rows, scores));
    } catch (cause) {
      if (cause instanceof CorruptBytes) return fail('artifact_corrupt', cause.message);
      throw cause;
    }
  }

  /** The first golden vector that does not score as it did, or null. */
  static mismatch(model: TableModel): string | null {
    const rows = model.#golden;
    const scores = model.#goldenScores;
    if (scores.length === 0 || rows.length !== scores.length * model.width) {
      return `${rows.length} golden values for ${scores.length} rows of ${model.width}`;
    }
    for (let i = 0; i < scores.length; i++) {
      const score = model.score(rows, i * model.width);
      if (score !== scores[i]) return `golden vector ${i} scores ${score}, expected ${scores[i]}`;
    }
    return null;
  }
}

function verified(model: TableModel): Result<TableModel> {
  const wrong = TableModel.mismatch(model);
  return wrong === null ? ok(model) : fail('artifact_mismatch', wrong);
}

/** TableModel.fit as a function. */
export const fitTable = TableModel.fit;
