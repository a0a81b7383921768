import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { configHash } from '../../core/config/hash.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow, TidewatchError } from '../../core/errors.ts';
import { modelIdOf, trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import { readingsOf } from '../../scenarios/replay/replay.ts';
import { type Candidate, MAX_DRAWS, type SearchResult, search } from '../../scenarios/search/search.ts';
import { type AddCommand, examples } from '../command.ts';
import { EXPERIMENTS_DIR, FileExperimentStore, leaveRecord, type RunNotes } from '../experiments.ts';
import { colours } from '../ui/colours.ts';
import { print, printJson } from '../ui/output.ts';
import { progress } from '../ui/progress.ts';

interface Options extends RunNotes {
  out: string;
  search?: number;
  seed?: number;
  experiments: string;
  json?: boolean;
}

/** Gunzipped bytes of a usual record, to guess how many a recording holds. */
const BYTES_A_RECORD = 70;
/** Candidates and left-out entities that are shown to a person. */
const SHOWN = 10;

export const trainCommand: AddCommand = (program) => {
  program
    .command('train <recording>')
    .description('Train a model on recorded telemetry.')
    .requiredOption('-o, --out <file>', 'file for the model')
    .option('--search <n>', 'try so many ways to grow the forest and keep the best', draws)
    .option('--seed <number>', "seed of everything random (default: the stream's)", integer)
    .option('--hypothesis <text>', 'what this run is to show; kept with it')
    .option('--experiments <folder>', 'where the record of the run goes', EXPERIMENTS_DIR)
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        ['tidewatch train week.recording.gz --out week.twm', 'a model of that week'],
        ['tidewatch replay day.recording.gz --model week.twm --out now', 'what it says about another day'],
        ['tidewatch train week.recording.gz --out week.twm --search 30', 'with parameters that suit the stream'],
      ),
    )
    .action(run);
};

async function run(recording: string, options: Options): Promise<void> {
  const startedMs = systemClock.elapsed();
  const { config, rows } = await readings(recording, options.seed);
  const searched = options.search === undefined ? null : searchIn(rows, config, options.search);
  const trainStartedMs = systemClock.elapsed();
  const { artifact, summary } = orThrow(trainArtifact(rows, config, 'profile', searched?.chosen.params));
  const trainMs = systemClock.elapsed() - trainStartedMs;
  writeWhole(options.out, artifact);
  const durationMs = systemClock.elapsed() - startedMs;
  const experiment = await leaveRecord(
    new FileExperimentStore(options.experiments),
    systemClock,
    {
      kind: 'train',
      configHash: configHash(config),
      seed: config.detector.seed,
      dataHash: await fileHash(recording),
      metrics: {
        entities: summary.entities,
        windows: summary.rows,
        left_out: summary.leftOut.length,
        artifact_bytes: artifact.length,
        train_ms: trainMs,
        ...(searched === null ? {} : searchMetrics(searched)),
      },
      durationMs,
    },
    options,
  );
  const modelId = modelIdOf(artifact);
  if (options.json)
    return printJson({
      out: options.out,
      modelId,
      artifactBytes: artifact.length,
      ...summary,
      trainMs,
      durationMs,
      search: searched,
      experiment: experiment.id,
    });
  if (searched !== null) printSearch(searched);
  print(
    `${summary.entities} entities, ${summary.rows} windows → ${options.out} ` +
      `(model ${modelId}, ${artifact.length} bytes, trained in ${(trainMs / 1000).toFixed(1)} s)`,
  );
  const { leftOut } = summary;
  const c = colours();
  for (const line of leftOut.slice(0, SHOWN)) print(c.yellow(`left out: ${line}`));
  if (leftOut.length > SHOWN) print(c.yellow(`… and ${leftOut.length - SHOWN} more`));
  print(c.dim(`on record as ${experiment.id}`));
}

async function readings(
  recording: string,
  seed: number | undefined,
): Promise<{ config: StreamConfig; rows: TrainingRow[] }> {
  if (!existsSync(recording)) throw new TidewatchError('file_missing', recording);
  const guess = Math.ceil(statSync(recording).size / BYTES_A_RECORD);
  const bar = progress('read', { total: guess, unit: 'records' });
  const { config, rows } = await readingsOf(recording, (records, eventMs) =>
    bar.update(Math.min(records, guess), Number.isFinite(eventMs) ? new Date(eventMs).toISOString() : ''),
  );
  bar.end();
  return seed === undefined
    ? { config, rows }
    : { config: { ...config, detector: { ...config.detector, seed } }, rows };
}

function searchIn(rows: readonly TrainingRow[], config: StreamConfig, n: number): SearchResult {
  const bar = progress('search', { total: 0, unit: 'forests' });
  const result = search(rows, config, {
    draws: n,
    seed: config.detector.seed,
    onProgress: (forests, of) => {
      bar.total(of);
      bar.update(forests);
    },
  });
  bar.end();
  return orThrow(result);
}

function searchMetrics({ candidates, chosen }: SearchResult): Record<string, number> {
  const configured = candidates.find((one) => one.configured)!;
  return {
    candidates: candidates.length,
    'recall/chosen': chosen.recall,
    'recall/configured': configured.recall,
    'recall/configured_spread': configured.spread,
  };
}

function printSearch({ candidates, chosen, because, episodes, validationWindows, alertBudget }: SearchResult): void {
  const c = colours();
  print(
    `Share of ${episodes} injected episodes found when ${(100 * alertBudget).toFixed(2)} % of ` +
      `${validationWindows} untouched windows may alarm:`,
  );
  print(c.dim('   found   spread  trees  sample  depth  split'));
  const line = (one: Candidate) => {
    const { trees, sampleSize, maxDepth, splitFeatures } = one.params;
    const figures = [
      `${(100 * one.recall).toFixed(1)} %`.padStart(8),
      `${(100 * one.spread).toFixed(1)} %`.padStart(7),
      String(trees).padStart(5),
      String(sampleSize).padStart(6),
      String(maxDepth).padStart(5),
      String(splitFeatures).padStart(5),
    ];
    print(
      `${figures.join('  ')}${one === chosen ? c.green('  chosen') : ''}${one.configured ? '  as configured' : ''}`,
    );
  };
  const shown = candidates.slice(0, SHOWN);
  for (const one of shown) line(one);
  const configured = candidates.find((one) => one.configured)!;
  if (!shown.includes(configured)) line(configured);
  print(because);
}

/** A file that is there is whole: whoever serves it may read at any time. */
function writeWhole(file: string, bytes: Uint8Array): void {
  const partial = `${file}.partial`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(partial, bytes);
    renameSync(partial, file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TidewatchError(code === 'ENOSPC' ? 'disk_full' : 'file_missing', `${file}: ${code ?? cause}`, { cause });
  }
}

async function fileHash(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex').slice(0, 16);
}

function integer(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || value.trim() === '') throw new InvalidArgumentError('a whole number');
  return n;
}

function draws(value: string): number {
  const n = integer(value);
  if (n < 1 || n > MAX_DRAWS) throw new InvalidArgumentError(`1 to ${MAX_DRAWS}`);
  return n;
}
