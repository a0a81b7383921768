import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { type LogFiles, realFiles } from '../../../ingest/file-log/index.ts';
import { newRecord, readAll, textOf } from '../../log.suite.ts';
import { newDir, openLog } from './files.ts';

/** Files of a machine whose power fails at an fsync: of what was written since the one before, some pages survive. */
class LosingFiles implements LogFiles {
  readonly #random: Random;
  readonly #crashAtSync: number;
  readonly #lies: boolean;
  readonly #onCrash: (files: Map<string, Buffer>) => void;
  readonly #durable = new Map<string, Buffer>();
  #syncs = 0;

  /** lies: the disk says that it has synced, and has not. onCrash gets the files as they are after the crash. */
  constructor(seed: number, lies: boolean, onCrash: (files: Map<string, Buffer>) => void) {
    this.#random = new Random(seed);
    this.#crashAtSync = 3 + this.#random.below(40);
    this.#lies = lies;
    this.#onCrash = onCrash;
  }

  makeDir = realFiles.makeDir;
  list = realFiles.list;
  remove = realFiles.remove;
  syncDir = realFiles.syncDir;

  async open(path: string): ReturnType<LogFiles['open']> {
    const file = await realFiles.open(path);
    if (this.#lies) this.#durable.set(path, Buffer.alloc(0));
    return {
      ...file,
      sync: async () => {
        if (++this.#syncs === this.#crashAtSync) this.#crash(path);
        await file.sync();
        if (!this.#lies) this.#durable.set(path, readFileSync(path));
      },
    };
  }

  #crash(writing: string): void {
    const left = new Map(this.#durable);
    const durable = left.get(writing) ?? Buffer.alloc(0);
    const now = readFileSync(writing);
    const after = Buffer.alloc(Math.max(durable.length, this.#random.below(now.length + 1)));
    durable.copy(after);
    for (let at = durable.length; at < after.length; at += PAGE_BYTES)
      if (this.#random.below(2) === 0) now.copy(after, at, at, Math.min(at + PAGE_BYTES, after.length));
    left.set(writing, after);
    this.#onCrash(left);
  }
}

/** Far smaller than a real one, so that every crash tears records. */
const PAGE_BYTES = 64;

/** Four senders append until the power fails; how many acknowledged records the machine lacks when it is up again. */
async function lost(seed: number, lies: boolean): Promise<number> {
  const acknowledged = new Map<number, string>();
  let crashed = false;
  const dir = newDir();
  const files = new LosingFiles(seed, lies, (left) => {
    crashed = true;
    for (const [path, bytes] of left) writeFileSync(join(dir, basename(path)), bytes);
  });
  const { log } = await openLog(newDir(), { files, segmentBytes: 3000 });
  const send = async (sender: number) => {
    for (let i = 0; !crashed; i++) {
      const text = `${sender} ${i} `.padEnd(20 + ((i * 37) % 200), '.');
      const result = await log.append([newRecord(text), newRecord(text)]);
      if (result.ok && !crashed) acknowledged.set(result.value, text);
    }
  };
  await Promise.all([0, 1, 2, 3].map(send));
  await log.close();
  const { log: again, notices } = await openLog(dir, { segmentBytes: 3000 });
  if (!lies) expect(notices.every((notice) => notice.code === 'segment_torn')).toBe(true);
  const found = new Map((await readAll(again)).map((record) => [record.offset, textOf(record)]));
  await again.close();
  return [...acknowledged].filter(([offset, text]) => found.get(offset) !== text || found.get(offset + 1) !== text)
    .length;
}

test('no loss of power takes an acknowledged record, nor makes damage of what was only torn', async () => {
  for (let seed = 1; seed <= 40; seed++) expect([seed, await lost(seed, false)]).toEqual([seed, 0]);
});

test('the check sees a disk that acknowledges what it has not kept', async () => {
  expect(await lost(1, true)).toBeGreaterThan(0);
});
