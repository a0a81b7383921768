import type { StreamConfig } from '../../../core/config/stream.ts';
import { Fold } from '../../../detector/fold.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import { type DeadLetter, type LogRecord, noOutputs, type Outputs } from '../../../ingest/ports.ts';
import type { DeadLetterStore, DeadLetterSummary, WholeDeadLetter } from '../../../monitor/ports.ts';

export const outputs = (): Outputs => noOutputs();

export function foldOf(config: StreamConfig, records: readonly LogRecord[]): { fold: Fold; out: Outputs } {
  const fold = new Fold(config, decoderFor(config), 0);
  const out = outputs();
  for (const record of records) fold.record(record, out);
  return { fold, out };
}

export const stored = (letter: DeadLetter, topic: string | null = 'readings'): WholeDeadLetter => ({
  id: `${letter.stream}:${letter.partition}:${letter.offset}:${letter.point}`,
  stream: letter.stream,
  partition: letter.partition,
  offset: letter.offset,
  point: letter.point,
  entity: letter.at?.entity ?? null,
  metric: letter.at?.metric ?? null,
  timeMs: letter.at?.timeMs ?? null,
  code: letter.fault.code,
  detail: letter.fault.detail,
  receivedMs: letter.appendMs,
  topic,
  appendMs: letter.appendMs,
  valueBytes: letter.value?.length ?? null,
  redrivenMs: null,
  redriveNote: null,
  key: letter.key,
  value: letter.value,
  headers: letter.headers ?? [],
});

/** Dead letters in memory, as the table keeps them. */
export class MemoryLetters implements DeadLetterStore {
  readonly all: WholeDeadLetter[];

  constructor(letters: readonly DeadLetter[], topic: string | null = 'readings') {
    this.all = letters.map((letter) => stored(letter, topic));
  }

  list(): Promise<DeadLetterSummary[]> {
    return Promise.resolve(this.all);
  }

  get(id: string): Promise<WholeDeadLetter | null> {
    return Promise.resolve(this.all.find((letter) => letter.id === id) ?? null);
  }

  counts(): Promise<[]> {
    return Promise.resolve([]);
  }

  markRedriven(ids: readonly string[], atMs: number, note: string): Promise<number> {
    let marked = 0;
    for (const letter of this.all) {
      if (!ids.includes(letter.id) || letter.redrivenMs !== null) continue;
      letter.redrivenMs = atMs;
      letter.redriveNote = note;
      marked++;
    }
    return Promise.resolve(marked);
  }
}
