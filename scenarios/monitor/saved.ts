import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import type { Observation } from '../../monitor/observation.ts';
import type { LedgerEntry } from '../../monitor/store.ts';
import type { Input } from '../../monitor/types.ts';

/** Files of a run: a ledger entry a line, what each names by its hash, what the monitor saw a line, and the story. */
const LEDGER = 'ledger.jsonl';
const OBSERVATIONS = 'observations.jsonl';
const INPUTS = 'inputs.jsonl';
const EVIDENCE = 'evidence';
const MODELS = 'models';
const REPORT = 'report.md';
/** Folders below the one that is given, at most: a run lies in SCENARIO/SOURCE-SEED. */
const MAX_DEPTH = 3;
/** Lines of a file that are read. */
const MAX_LINES = 1_000_000;

export interface SavedRun {
  dir: string;
  ledger: LedgerEntry[];
  /** Bytes under a hash; null where there are none. */
  evidence(sha256: string): Promise<Uint8Array | null>;
  /** Everything that was taken, in order. */
  inputs(): Promise<Input[]>;
}

export interface ToSave {
  ledger: readonly LedgerEntry[];
  evidence: ReadonlyMap<string, Uint8Array>;
  inputs: readonly Input[];
  /** Artifacts by id. */
  models: ReadonlyMap<string, Uint8Array>;
  report: string;
}

const lines = (of: readonly unknown[]): string => of.map((one) => `${JSON.stringify(one)}\n`).join('');

/** Writes a run into a folder, in place of one that was there. */
export async function saveRun(dir: string, run: ToSave): Promise<void> {
  for (const part of [EVIDENCE, MODELS]) {
    await rm(join(dir, part), { recursive: true, force: true });
    await mkdir(join(dir, part), { recursive: true });
  }
  for (const [sha256, bytes] of run.evidence) await writeFile(join(dir, EVIDENCE, sha256), bytes);
  for (const [id, bytes] of run.models) await writeFile(join(dir, MODELS, `${id}.model`), bytes);
  const observations = run.inputs.flatMap((input) => (input.kind === 'observation' ? [input.observation] : []));
  await writeFile(join(dir, OBSERVATIONS), lines(observations));
  // observations have a file of their own, and are named here by the order in which they came
  const inputs = run.inputs.map((input) => (input.kind === 'observation' ? { ...input, observation: null } : input));
  await writeFile(join(dir, INPUTS), lines(inputs));
  await writeFile(join(dir, REPORT), run.report);
  await writeFile(join(dir, LEDGER), lines(run.ledger));
}

/** Every run in a folder and below it, by path. Throws file_missing when there is none, recording_corrupt. */
export async function savedRuns(dir: string): Promise<SavedRun[]> {
  const found = await foldersWith(dir, LEDGER, MAX_DEPTH);
  if (found.length === 0) throw new TidewatchError('file_missing', `${dir} and its folders have no ${LEDGER}`);
  return Promise.all(found.sort().map(readRun));
}

async function readRun(dir: string): Promise<SavedRun> {
  const path = join(dir, LEDGER);
  const ledger = await readLines<LedgerEntry>(
    path,
    (entry) =>
      typeof entry?.seq === 'number' && typeof entry.evidence === 'string' && typeof entry.decision?.id === 'string',
  );
  return {
    dir,
    ledger,
    evidence: async (sha256) => {
      if (!/^[0-9a-f]{64}$/.test(sha256)) return null;
      return readFile(join(dir, EVIDENCE, sha256)).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'ENOENT') return null;
        throw cause;
      });
    },
    inputs: async () => {
      const observations = await readLines<Observation>(
        join(dir, OBSERVATIONS),
        (one) => typeof one?.atMs === 'number',
      );
      const inputs = await readLines<Input>(join(dir, INPUTS), (one) => typeof one?.kind === 'string');
      let next = 0;
      return inputs.map((input) =>
        input.kind === 'observation' ? { ...input, observation: observations[next++]! } : input,
      );
    },
  };
}

async function readLines<T>(path: string, fits: (one: T) => boolean): Promise<T[]> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TidewatchError('file_missing', `${path}: ${cause.code}`, { cause });
  });
  const rows = text.split('\n').filter((line) => line !== '');
  if (rows.length > MAX_LINES) throw new TidewatchError('recording_corrupt', `${path} has ${rows.length} lines`);
  return rows.map((line, i): T => {
    try {
      const one = JSON.parse(line) as T;
      if (fits(one)) return one;
    } catch (cause) {
      throw new TidewatchError('recording_corrupt', `${path}, line ${i + 1}: ${(cause as Error).message}`, { cause });
    }
    throw new TidewatchError('recording_corrupt', `${path}, line ${i + 1} is of another kind`);
  });
}

async function foldersWith(dir: string, name: string, depth: number): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new TidewatchError('file_missing', `${dir}: ${cause.code}`, { cause });
  });
  if (entries.some((entry) => entry.isFile() && entry.name === name)) return [dir];
  if (depth === 0) return [];
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => join(dir, entry.name));
  return (await Promise.all(below.map((one) => foldersWith(one, name, depth - 1)))).flat();
}
