import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { streamConfig } from '../../core/config/stream.ts';
import { TidewatchError } from '../../core/errors.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { evaluate, totalBytes } from '../../scenarios/quality/evaluation.ts';
import { openPack, type PackSet, SETS } from '../../scenarios/quality/pack.ts';
import { headlines, type Report, reportJson, reportOf } from '../../scenarios/quality/report.ts';
import { reportPage } from '../../scenarios/quality/report-page.ts';
import { sklearnVersion } from '../../scenarios/quality/tables.ts';
import { type AddCommand, examples } from '../command.ts';
import {
  changes,
  codeVersion,
  EXPERIMENTS_DIR,
  FileExperimentStore,
  leaveRecord,
  named,
  type RunNotes,
} from '../experiments.ts';
import { print, printJson } from '../ui/output.ts';
import { progress } from '../ui/progress.ts';

const MAX_SEEDS = 20;
/** Changes of a figure below this are not told. */
const SMALLEST_CHANGE = 5e-4;
/** Interpreters that are asked for scikit-learn, in this order. */
const PYTHONS = ['bench/.cache/venv/bin/python', 'python3'];

interface Options extends RunNotes {
  out: string;
  only: readonly PackSet[];
  seeds: number;
  python?: string;
  experiments: string;
  json?: boolean;
}

export const evaluateCommand: AddCommand = (program) => {
  program
    .command('evaluate')
    .description('Measure detection quality on a pack of labelled telemetry, by the path that serves in production.')
    .argument('<pack>', 'folder with a MANIFEST.json and the files it names')
    .requiredOption('-o, --out <folder>', 'where report.json, report.md, scores/ and nab/ go')
    .option('--only <sets>', `some of ${SETS.join(', ')}`, sets, [...SETS])
    .option('--seeds <n>', 'trainings of each model; scores are of the first', seeds, 1)
    .option('--python <program>', 'Python with scikit-learn, for the reference on adbench (default: one that is found)')
    .option('--hypothesis <text>', 'what this run is to show; kept with it')
    .option('--baseline <id>', 'run to compare with (default: the newest promoted one)')
    .addOption(new Option('--verdict <verdict>', 'what became of it').choices(['promoted', 'archived', 'iterate']))
    .option('--experiments <folder>', 'where the record of the run goes', EXPERIMENTS_DIR)
    .option('--json', 'for scripts: the report on standard output')
    .addHelpText(
      'after',
      examples(
        ['tidewatch evaluate PACK --out DIR', 'everything, one seed'],
        ['tidewatch evaluate PACK --out DIR --only smd,asd --seeds 5', 'two sets, mean and spread of five seeds'],
      ),
    )
    .action(run);
};

async function run(packDir: string, options: Options): Promise<void> {
  const startedMs = systemClock.elapsed();
  const pack = await openPack(packDir);
  const config = streamConfig.parse({ name: 'evaluation' });
  const sklearn = options.only.includes('adbench') ? await findPython(options.python) : null;
  await mkdir(options.out, { recursive: true });
  const bytes = totalBytes(pack, options.only);
  const bar = progress('evaluate', { total: Math.ceil(bytes / 1024), unit: 'KiB' });
  const evaluation = await evaluate({
    pack,
    outDir: options.out,
    sets: options.only,
    seeds: options.seeds,
    config,
    decoder: decoderFor(config),
    clock: systemClock,
    python: sklearn?.python ?? null,
    onProgress: (done, note) =>
      bar.update(Math.ceil(done / 1024), `${note}${remaining(systemClock.elapsed() - startedMs, done, bytes)}`),
  });
  bar.end();
  const durationMs = systemClock.elapsed() - startedMs;
  const report = reportOf(evaluation, {
    config_hash: evaluation.configHash,
    code_version: codeVersion(),
    data_hash: pack.dataHash,
    split: pack.split,
    seeds: Array.from({ length: options.seeds }, (_, i) => config.detector.seed + i),
    sklearn: sklearn?.version ?? null,
    duration_ms: Math.round(durationMs),
    memory_bytes: process.resourceUsage().maxRSS * 1024,
  });
  await writeFile(join(options.out, 'report.json'), reportJson(report));
  await writeFile(join(options.out, 'report.md'), reportPage(report));
  const store = new FileExperimentStore(options.experiments);
  const experiment = await leaveRecord(
    store,
    systemClock,
    {
      kind: 'evaluate',
      configHash: evaluation.configHash,
      seed: config.detector.seed,
      dataHash: pack.dataHash,
      metrics: headlines(report),
      durationMs,
    },
    options,
  );
  if (options.json) return printJson(JSON.parse(reportJson(report)));
  summary(report);
  if (experiment.baselineId !== null) {
    print(`\nagainst ${experiment.baselineId}`);
    for (const { metric, change } of changes(await named(store, experiment.baselineId), experiment)) {
      if (change !== null && Math.abs(change) >= SMALLEST_CHANGE) {
        print(`${metric.padEnd(24)} ${change > 0 ? '+' : ''}${change.toFixed(4)}`);
      }
    }
  }
  print(`\n${join(options.out, 'report.md')} has the whole; on record as ${experiment.id}`);
}

function summary({ evaluation, findings }: Report): void {
  for (const { set, entities, byEntity } of evaluation.sets) {
    const { tidewatch, robust_z, random } = byEntity;
    const x = (value: number) => value.toFixed(3);
    print(
      `${set.padEnd(8)} ${String(entities).padStart(3)} entities  VUS-PR ${x(tidewatch.vus_pr.mean)} ` +
        `(robust z ${x(robust_z.vus_pr.mean)}, random ${x(random.vus_pr.mean)})  PR-AUC ${x(tidewatch.pr_auc.mean)}`,
    );
  }
  for (const [profile, scores] of Object.entries(evaluation.nab ?? {})) {
    print(`nab      ${profile.padEnd(18)} ${scores.tidewatch.score.toFixed(2)}`);
  }
  const { tables } = evaluation;
  if (tables.length > 0) {
    const mean = tables.reduce((sum, t) => sum + t.mean, 0) / tables.length;
    const beside = tables.filter((t) => t.reference !== null);
    const within = beside.filter((t) => t.reference!.within).length;
    const said =
      beside.length === 0
        ? 'no scikit-learn beside: --python names one, and npm run bench makes one'
        : `${within} of ${beside.length} within tolerance`;
    print(`adbench  ${String(tables.length).padStart(3)} tables    ROC-AUC ${mean.toFixed(4)} (${said})`);
  }
  for (const finding of findings) print(`! ${finding}`);
}

/** ", about 40 s left", once that can be told. */
function remaining(elapsedMs: number, done: number, total: number): string {
  if (done <= 0 || done >= total) return '';
  return `, about ${Math.ceil((elapsedMs * (total - done)) / done / 1000)} s left`;
}

async function findPython(named: string | undefined): Promise<{ python: string; version: string } | null> {
  for (const python of named === undefined ? PYTHONS : [named]) {
    if (python.includes('/') && !existsSync(python)) continue;
    const version = await sklearnVersion(python);
    if (version !== null) return { python, version };
  }
  if (named !== undefined) throw new TidewatchError('config_invalid', `--python ${named}: no Python with scikit-learn`);
  return null;
}

function sets(value: string): PackSet[] {
  const named = value.split(',').map((set) => set.trim());
  const unknown = named.find((set) => !SETS.includes(set as PackSet));
  if (unknown !== undefined) throw new InvalidArgumentError(`there is no set ${unknown}; there are ${SETS.join(', ')}`);
  return SETS.filter((set) => named.includes(set));
}

function seeds(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1 || n > MAX_SEEDS) throw new InvalidArgumentError(`1 to ${MAX_SEEDS}`);
  return n;
}
