import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../core/clock.ts';
import { canonicalJson } from '../core/config/hash.ts';
import { TidewatchError } from '../core/errors.ts';
import type { Experiment, ExperimentStore, ExperimentVerdict } from '../detector/ports.ts';
import { version } from './version.ts';

/** Where runs are remembered: beside everything else that is kept, and without a database, as CI has none. */
export const EXPERIMENTS_DIR = '.tidewatch/experiments';
/** Files read at most for a list; older ones stay on disk. */
const READ_AT_MOST = 10_000;
const ID = /^[0-9a-z-]{1,64}$/;

/** ExperimentStore as one JSON file a run. A file appears whole or not at all. */
export class FileExperimentStore implements ExperimentStore {
  readonly #dir: string;

  constructor(dir: string = EXPERIMENTS_DIR) {
    this.#dir = dir;
  }

  async record(experiment: Experiment): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    const path = this.#path(experiment.id);
    if ((await this.get(experiment.id)) !== null) return;
    const metrics = computable(experiment.metrics);
    const text = JSON.stringify(JSON.parse(canonicalJson({ ...experiment, metrics })), null, 2);
    await writeFile(`${path}.partial`, `${text}\n`);
    await rename(`${path}.partial`, path);
  }

  async get(id: string): Promise<Experiment | null> {
    if (!ID.test(id)) return null;
    return read(this.#path(id));
  }

  async list(limit: number): Promise<Experiment[]> {
    const names = await readdir(this.#dir).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return [];
      throw new TidewatchError('file_missing', `${this.#dir}: ${cause.code}`, { cause });
    });
    // Ids start with their time, so the newest files are the last ones by name.
    const newest = names
      .filter((name) => name.endsWith('.json'))
      .sort()
      .reverse()
      .slice(0, READ_AT_MOST);
    const found: Experiment[] = [];
    for (const name of newest) {
      if (found.length === limit) break;
      const experiment = await read(join(this.#dir, name));
      if (experiment !== null) found.push(experiment);
    }
    return found;
  }

  #path(id: string): string {
    return join(this.#dir, `${id}.json`);
  }
}

async function read(path: string): Promise<Experiment | null> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw new TidewatchError('file_missing', `${path}: ${cause.code}`, { cause });
  });
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TidewatchError('file_missing', `${path} is no experiment; remove it`, { cause });
  }
}

/** What a person can say about a run on the command line. */
export interface RunNotes {
  hypothesis?: string;
  baseline?: string;
  verdict?: ExperimentVerdict;
}

/** What a command knows of its run when it has ended. */
export interface RunResult {
  kind: string;
  configHash: string;
  seed: number;
  dataHash: string;
  metrics: Record<string, number>;
  durationMs: number;
}

/** Leaves a record of a run, compared with --baseline or else the newest promoted run of its kind. */
export async function leaveRecord(
  store: ExperimentStore,
  clock: Clock,
  result: RunResult,
  notes: RunNotes = {},
): Promise<Experiment> {
  const createdMs = clock.now();
  const baseline =
    notes.baseline === undefined ? await promoted(store, result.kind) : await named(store, notes.baseline);
  const time = new Date(createdMs).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const experiment: Experiment = {
    ...result,
    metrics: computable(result.metrics),
    id: `${time}-${result.kind}-${randomBytes(3).toString('hex')}`,
    hypothesis: notes.hypothesis ?? null,
    codeVersion: codeVersion(),
    baselineId: baseline?.id ?? null,
    memoryBytes: process.resourceUsage().maxRSS * 1024,
    verdict: notes.verdict ?? 'iterate',
    createdMs,
  };
  await store.record(experiment);
  return experiment;
}

/** NaN stands for a figure that has no meaning, and JSON has no NaN. */
const computable = (metrics: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).filter(([, x]) => Number.isFinite(x)));

async function promoted(store: ExperimentStore, kind: string): Promise<Experiment | null> {
  const all = await store.list(READ_AT_MOST);
  return all.find((one) => one.kind === kind && one.verdict === 'promoted') ?? null;
}

/** The experiment of that id, or the only one whose id starts so. Throws not_found. */
export async function named(store: ExperimentStore, id: string): Promise<Experiment> {
  const exact = await store.get(id);
  if (exact !== null) return exact;
  const starting = (await store.list(READ_AT_MOST)).filter((one) => one.id.startsWith(id));
  if (starting.length === 1) return starting[0]!;
  const what = starting.length === 0 ? 'no experiment' : `${starting.length} experiments`;
  throw new TidewatchError('not_found', `${what} with an id that starts with ${JSON.stringify(id)}`);
}

export interface MetricChange {
  metric: string;
  from: number | null;
  to: number | null;
  change: number | null;
}

/** How every figure changed from one run to another, by name. */
export function changes(from: Experiment, to: Experiment): MetricChange[] {
  const names = [...new Set([...Object.keys(from.metrics), ...Object.keys(to.metrics)])].sort();
  return names.map((metric) => {
    const a = from.metrics[metric] ?? null;
    const b = to.metrics[metric] ?? null;
    return { metric, from: a, to: b, change: a === null || b === null ? null : b - a };
  });
}

/** What runs: `git describe` of a checkout, else the version of the package. */
export function codeVersion(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  try {
    const text = execFileSync('git', ['describe', '--always', '--dirty', '--tags'], {
      cwd: here,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return `${version()}+${text.trim()}`;
  } catch {
    return version(); // no git, or no checkout
  }
}
