import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TidewatchError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';

/** How far a run has come, and what must be the same for it to go on. */
export interface ProduceProgress {
  topic: string;
  recordings: string[];
  partition: number | null;
  repeat: number;
  /** Added to event times, null without --rebase-time. */
  shiftMs: number | null;
  /** Records, over all rounds, that are acknowledged. */
  position: number;
  done: boolean;
}

/** The file for recordings by what they hold, wherever they lie, and a topic. Throws file_missing. */
export async function progressFile(dataDir: string, recordings: readonly string[], topic: string): Promise<string> {
  const hashes: string[] = [];
  for (const recording of recordings) hashes.push(await hashOf(recording));
  return path.join(dataDir, 'produce', `${sha256Hex([topic, ...hashes].join('\n')).slice(0, 16)}.json`);
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (cause) {
    throw new TidewatchError('file_missing', `${file}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
  return hash.digest('hex');
}

/** null when there is none. Throws request_invalid for a file that is no progress. */
export async function loadProgress(file: string): Promise<ProduceProgress | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new TidewatchError('file_missing', file, { cause });
  }
  try {
    const progress = JSON.parse(text) as ProduceProgress;
    if (Number.isSafeInteger(progress.position) && progress.position >= 0 && progress.repeat >= 1) return progress;
  } catch (cause) {
    throw new TidewatchError('request_invalid', `${file} is damaged; remove it to begin anew`, { cause });
  }
  throw new TidewatchError('request_invalid', `${file} is no progress of a run; remove it to begin anew`);
}

/** Replaces the file as a whole: a crash leaves the old one or the new one. */
export async function saveProgress(file: string, progress: ProduceProgress): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.part`, JSON.stringify(progress));
  await rename(`${file}.part`, file);
}
