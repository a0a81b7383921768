import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configHash } from '../../core/config/hash.ts';
import { type BaselineScores, randomBaseline, robustZBaseline, runningRobustZ } from './baselines.ts';
import { type AlertCount, countAlerts, type Figures, figuresOf } from './figures.ts';
import { NAB_PROFILES, type NabFile, type NabProfile, nabScore } from './nab.ts';
import {
  type ColdSeries,
  entitiesOf,
  entityOf,
  type Pack,
  type PackFile,
  type PackSet,
  PERIOD_MS,
  readCold,
  readNabWindows,
  readTrained,
} from './pack.ts';
import { encodeEntity, type Runtime, runCold, runTrained, type StreamRun, trainingRows } from './stream-run.ts';
import { type Detector, type SeriesReport, type SetReport, summarise } from './summary.ts';
import { runTable, type TableReport } from './tables.ts';
import { periodOf } from './vus.ts';
import { type WorstWindow, WorstWindows } from './worst.ts';

export interface EvaluationOptions extends Runtime {
  pack: Pack;
  /** Where scores go: scores/ENTITY.csv and nab/CATEGORY/tidewatch_FILE.csv. */
  outDir: string;
  sets: readonly PackSet[];
  /** The first seed is the configuration's own; its scores are written. */
  seeds: number;
  /** An interpreter with scikit-learn, for the tables' reference. */
  python: string | null;
  /** done: bytes of input worked through, of `totalBytes`. */
  onProgress: (doneBytes: number, note: string) => void;
}

export type NabReport = Record<
  NabProfile,
  Record<Detector, { score: number; threshold: number }> & { seeds: number[] }
>;

export interface Evaluation {
  configHash: string;
  series: SeriesReport[];
  sets: SetReport[];
  nab: NabReport | null;
  tables: TableReport[];
  worst: WorstWindow[];
}

/** Bytes of input that an evaluation of these sets works through. */
export const totalBytes = (pack: Pack, sets: readonly PackSet[]): number =>
  pack.files.filter(({ set }) => sets.includes(set)).reduce((sum, file) => sum + file.sizeBytes, 0);

/** Evaluates the shipped configuration on a pack, entity by entity. Throws what a malformed file is about. */
export async function evaluate(options: EvaluationOptions): Promise<Evaluation> {
  const run = new Evaluator(options);
  for (const set of options.sets) {
    for (const file of entitiesOf(options.pack, set)) await run.one(file);
  }
  return run.finish();
}

class Evaluator {
  readonly #o: EvaluationOptions;
  readonly #runtimes: Runtime[];
  readonly #series: SeriesReport[] = [];
  readonly #tables: TableReport[] = [];
  readonly #worst = new WorstWindows();
  readonly #nab = new Map<string, NabFile[]>();
  #windows: Map<string, NabFile['windows']> | null = null;
  #doneBytes = 0;

  constructor(options: EvaluationOptions) {
    this.#o = options;
    const { config, decoder, clock } = options;
    this.#runtimes = Array.from({ length: options.seeds }, (_, i) => ({
      config: { ...config, detector: { ...config.detector, seed: config.detector.seed + i } },
      decoder,
      clock,
    }));
  }

  async one(file: PackFile): Promise<void> {
    const entity = entityOf(file.set, file.path);
    this.#o.onProgress(this.#doneBytes, entity);
    if (file.set === 'adbench') this.#tables.push(await runTable(this.#o.pack, file, this.#o.python));
    else if (file.set in PERIOD_MS) await this.#trained(file, entity);
    else await this.#cold(file, entity);
    for (const other of this.#o.pack.files) {
      if (other.set === file.set && entityOf(other.set, other.path) === entity) this.#doneBytes += other.sizeBytes;
    }
    this.#o.onProgress(this.#doneBytes, entity);
  }

  async #trained(file: PackFile, entity: string): Promise<void> {
    const data = await readTrained(this.#o.pack, file);
    const encoded = encodeEntity(entity, data);
    const rows = trainingRows(this.#runtimes[0]!, encoded.train);
    const runs = this.#runtimes.map((runtime) => runTrained(runtime, rows, encoded));
    const { alertRate, seed } = this.#o.config.detector;
    const baselines = {
      robust_z: robustZBaseline(data.train, data.test, alertRate),
      random: randomBaseline(data.test.rows, seed, entity, alertRate),
    };
    const first = Float64Array.from({ length: data.test.rows }, (_, r) => data.test.values[r * data.test.columns]!);
    const spanMs = data.test.rows * data.periodMs;
    this.#measure(file, entity, data.labels, runs, baselines, periodOf(first), spanMs);
    this.#worst.add({ entity, timesMs: encoded.test.timesMs, labels: data.labels, ...runs[0]! });
    await this.#write('scores', `${entity}.csv`, lines(runs[0]!.decades));
  }

  async #cold(file: PackFile, entity: string): Promise<void> {
    const series = await readCold(this.#o.pack, file);
    const runs = this.#runtimes.map((runtime) => runCold(runtime, entity, series));
    const { alertRate, seed } = this.#o.config.detector;
    const baselines = {
      robust_z: runningRobustZ(series.values),
      random: randomBaseline(series.values.length, seed, entity, alertRate),
    };
    if (file.set === 'nab') return this.#nabFile(file, series, runs, baselines);
    const { timesMs, values, labels } = series;
    const spanMs = timesMs.at(-1)! - timesMs[0]! + 1;
    const filled = values.map((x) => (Number.isNaN(x) ? 0 : x));
    this.#measure(file, entity, labels, runs, baselines, periodOf(filled), spanMs);
    this.#worst.add({ entity, timesMs, labels, ...runs[0]! });
    await this.#write('scores', `${entity}.csv`, lines(runs[0]!.decades));
  }

  async #nabFile(
    file: PackFile,
    series: ColdSeries,
    runs: readonly StreamRun[],
    baselines: Record<'robust_z' | 'random', BaselineScores>,
  ): Promise<void> {
    this.#windows ??= await readNabWindows(this.#o.pack);
    const name = file.path.replace(/^nab\/data\//, '').replace(/\.gz$/, '');
    const windows = this.#windows.get(name);
    const squashed = (scores: Float64Array) => scores.map((x) => x / (1 + x));
    const results = new Map<string, Float64Array>([
      ...runs.map((run, i) => [`seed ${i}`, squashed(run.severity)] as const),
      ['robust_z', squashed(baselines.robust_z.scores)],
      ['random', baselines.random.scores],
    ]);
    if (windows !== undefined) {
      for (const [key, scores] of results) {
        const files = this.#nab.get(key) ?? [];
        files.push({ name, timesMs: series.timesMs, scores, windows });
        this.#nab.set(key, files);
      }
    }
    const written = results.get('seed 0')!;
    const text = series.times.map(
      (time, i) => `${time},${Number.isNaN(series.values[i]) ? '' : series.values[i]},${written[i]}`,
    );
    const at = join(dirname(name), `tidewatch_${name.slice(dirname(name).length + 1)}`);
    await this.#write('nab', at, `timestamp,value,anomaly_score\n${text.join('\n')}\n`);
  }

  #measure(
    file: PackFile,
    entity: string,
    labels: Uint8Array,
    runs: readonly StreamRun[],
    baselines: Record<'robust_z' | 'random', BaselineScores>,
    window: number,
    spanMs: number,
  ): void {
    const anomalies = labels.reduce((a, b) => a + b, 0);
    const scorable = anomalies > 0 && anomalies < labels.length;
    const alarmsOf = (run: StreamRun) => Uint8Array.from(run.severity, (severity) => (severity > 1 ? 1 : 0));
    const own = { scores: runs[0]!.decades, alarms: alarmsOf(runs[0]!) };
    const of = ({ scores, alarms }: BaselineScores): Figures => figuresOf({ labels, scores, alarms }, window, spanMs);
    const alerts = ({ alarms }: BaselineScores): AlertCount => countAlerts(labels, alarms);
    const { robust_z, random } = baselines;
    const figures = scorable ? { tidewatch: of(own), robust_z: of(robust_z), random: of(random) } : null;
    const rest = scorable ? runs.slice(1).map((run) => of({ scores: run.decades, alarms: alarmsOf(run) })) : [];
    this.#series.push({
      set: file.set,
      entity,
      family: file.family,
      rows: labels.length,
      anomalies,
      window,
      figures,
      seeds: figures === null ? [] : [figures.tidewatch, ...rest],
      alerts: { tidewatch: alerts(own), robust_z: alerts(robust_z), random: alerts(random) },
      forestShare: runs[0]!.forestRows / labels.length,
      trainMs: runs[0]!.trainMs,
      rowUs: (1e3 * runs[0]!.foldMs) / labels.length,
      artifactBytes: runs[0]!.artifactBytes,
    });
  }

  async #write(...pathAndText: [folder: string, path: string, text: string]): Promise<void> {
    const [folder, path, text] = pathAndText;
    const at = join(this.#o.outDir, folder, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, text);
  }

  finish(): Evaluation {
    const { config, sets } = this.#o;
    const { alertRate, seed } = config.detector;
    const summaries = sets.flatMap((set) => {
      const series = this.#series.filter((one) => one.set === set);
      return series.length === 0 ? [] : [summarise(series, alertRate, seed)];
    });
    return {
      configHash: configHash(config),
      series: this.#series,
      sets: summaries,
      nab: this.#nabReport(),
      tables: this.#tables,
      worst: this.#worst.list(),
    };
  }

  #nabReport(): NabReport | null {
    if (this.#nab.size === 0) return null;
    const profiles = Object.keys(NAB_PROFILES) as NabProfile[];
    const score = (key: string, profile: NabProfile) => nabScore(this.#nab.get(key)!, profile);
    return Object.fromEntries(
      profiles.map((profile) => [
        profile,
        {
          tidewatch: score('seed 0', profile),
          robust_z: score('robust_z', profile),
          random: score('random', profile),
          seeds: this.#runtimes.map((_, i) => score(`seed ${i}`, profile).score),
        },
      ]),
    ) as NabReport;
  }
}

/** One score a line, with every digit. */
const lines = (scores: Float64Array): string => `${Array.from(scores).join('\n')}\n`;
