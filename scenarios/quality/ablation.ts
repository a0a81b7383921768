import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { bestF1, rankingCurve } from '../../core/stats/ranking.ts';
import { randomBaseline, robustZBaseline } from './baselines.ts';
import { mean, standardDeviation } from './groups.ts';
import { entitiesOf, entityOf, type Pack, type PackSet, readTrained, type TrainedEntity } from './pack.ts';
import { evidenceOf, type FittedProfile, fitOf } from './variant-evidence.ts';
import { runVariant, TAIL_KINDS, type TailKind, VARIANTS, type Variant } from './variants.ts';
import { periodOf, volumeUnderSurface } from './vus.ts';

export interface AblationOptions {
  pack: Pack;
  sets: readonly PackSet[];
  seeds: number;
  config: StreamConfig;
  clock: Clock;
  onProgress: (done: number, note: string) => void;
}

/** Mean over the entities of a set for each seed, then mean and spread over the seeds. */
export interface SeedFigure {
  mean: number;
  sd: number;
}

export interface AblationRow {
  name: string;
  group: Variant['group'] | 'baseline';
  vusPr: Record<string, SeedFigure>;
  bestF1: Record<string, SeedFigure>;
  /** Means over all entities: profile and forest; evidence and score of one row; profile and forest. */
  fitMs: number;
  rowUs: number;
  modelBytes: number;
}

/** Per row name: what each entity gave. */
interface Cell {
  set: PackSet;
  vusPr: number[];
  bestF1: number[];
  fitMs: number;
  rowUs: number;
  modelBytes: number;
}

/** Each ingredient of the detector alone and left out, on every entity with a train file. */
export async function ablate(options: AblationOptions): Promise<AblationRow[]> {
  const cells = new Map<string, Cell[]>();
  const note = (name: string, cell: Cell) => cells.set(name, [...(cells.get(name) ?? []), cell]);
  let done = 0;
  for (const set of options.sets) {
    for (const file of entitiesOf(options.pack, set)) {
      const entity = entityOf(set, file.path);
      options.onProgress(done, entity);
      const data = await readTrained(options.pack, file);
      if (data.labels.includes(1)) ablateEntity(options, set, entity, data, note);
      options.onProgress(++done, entity);
    }
  }
  const groups = new Map<string, AblationRow['group']>(VARIANTS.map(({ name, group }) => [name, group]));
  return [...cells.entries()].map(([name, all]) => rowOf(name, groups.get(name) ?? 'baseline', all));
}

function ablateEntity(
  { config, seeds, clock }: AblationOptions,
  set: PackSet,
  entity: string,
  data: TrainedEntity,
  note: (name: string, cell: Cell) => void,
): void {
  const { labels, test, train } = data;
  const window = periodOf(Float64Array.from({ length: test.rows }, (_, r) => test.values[r * test.columns]!));
  const measure = (scores: Float64Array) => ({
    vusPr: volumeUnderSurface(labels, scores, window).vusPr,
    bestF1: bestF1(rankingCurve(labels, scores)).f1,
  });
  const shipped = fitOf('full', data, clock);
  for (const kind of TAIL_KINDS) {
    const fitted: FittedProfile = kind === 'own past only' ? fitOf(kind, data, clock) : shipped;
    const table = evidenceOf(kind, data, fitted, clock);
    for (const variant of VARIANTS.filter(({ tails = 'full' }: { tails?: TailKind }) => tails === kind)) {
      const runs = Array.from({ length: seeds }, (_, i) =>
        runVariant(variant, table, config.detector, config.detector.seed + i, clock),
      );
      const figures = runs.map(({ scores }) => measure(scores));
      const { fitMs, scoreUs, forestBytes } = runs[0]!;
      const raw = variant.speaks === 'raw rows';
      note(variant.name, {
        set,
        vusPr: figures.map((f) => f.vusPr),
        bestF1: figures.map((f) => f.bestF1),
        fitMs: fitMs + (raw ? 0 : table.fitMs),
        rowUs: scoreUs + (raw ? 0 : table.rowUs),
        modelBytes: forestBytes + (raw ? 0 : table.profileBytes),
      });
    }
  }
  const { alertRate, seed } = config.detector;
  for (const [name, { scores }] of [
    ['robust z', robustZBaseline(train, test, alertRate)],
    ['random', randomBaseline(test.rows, seed, entity, alertRate)],
  ] as const) {
    const { vusPr, bestF1: f1 } = measure(scores);
    note(name, { set, vusPr: [vusPr], bestF1: [f1], fitMs: Number.NaN, rowUs: Number.NaN, modelBytes: Number.NaN });
  }
}

function rowOf(name: string, group: AblationRow['group'], cells: readonly Cell[]): AblationRow {
  const sets = [...new Set(cells.map(({ set }) => set))];
  const over = (figure: 'vusPr' | 'bestF1') =>
    Object.fromEntries(
      sets.map((set) => {
        const entities = cells.filter((cell) => cell.set === set).map((cell) => cell[figure]);
        const seeds = entities[0]!.map((_, s) => mean(entities.map((values) => values[s]!)));
        return [set, { mean: mean(seeds), sd: standardDeviation(seeds) }];
      }),
    );
  return {
    name,
    group,
    vusPr: over('vusPr'),
    bestF1: over('bestF1'),
    fitMs: mean(cells.map((cell) => cell.fitMs)),
    rowUs: mean(cells.map((cell) => cell.rowUs)),
    modelBytes: mean(cells.map((cell) => cell.modelBytes)),
  };
}
