import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { sha256Hex } from '../../core/hash.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import { trainInThread } from '../embedded/training.ts';
import type { ServedPartition } from './served-partition.ts';

/** A model by name and content. */
interface ModelRef {
  modelId: string;
  sha256: string;
}

export interface ChampionOptions {
  stream: StreamConfig;
  clock: Clock;
  logger: Logger;
  /** Partitions of the stream that this worker serves now. */
  served: () => Iterable<ServedPartition>;
  /** The model that ought to serve, null for none. */
  champion: () => Promise<ModelRef | null>;
  /** The right to train the first one, null while another worker has it. */
  holdTraining: () => Promise<{ lost: AbortSignal; release(): Promise<void> } | null>;
  rows: () => AsyncIterable<TrainingRow>;
  /** Stores an artifact and makes it champion unless there is one by now. */
  propose: (modelId: string, artifact: Uint8Array, about: Record<string, unknown>) => Promise<void>;
}

const LOOK_MS = 1_000;
/** A champion that a partition refused, or rows that did not suffice, are tried again after this. */
const RETRY_MS = 60_000;

/**
 * Has every partition of a stream served by its champion: the role in PostgreSQL is what ought to be, the control entry
 * that each partition's owner appends is what is. While there is none, the first worker with enough history trains one.
 */
export class Champion {
  readonly #o: ChampionOptions;
  readonly #logger: Logger;
  /** What was asked of a partition, and when: it takes effect some records later. */
  readonly #asked = new WeakMap<object, { modelId: string; atMs: number }>();
  #trainAfterMs = 0;

  constructor(options: ChampionOptions) {
    this.#o = options;
    this.#logger = options.logger.child({ stream: options.stream.name });
  }

  /** Looks until the signal aborts. Nothing that goes wrong here stops what serves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#o;
    while (!signal.aborted) {
      await this.#look().catch((err) => this.#logger.warn({ err }, 'the champion could not be looked up'));
      await clock.sleep(LOOK_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const partitions = [...this.#o.served()].filter(({ loop }) => loop !== null);
    if (partitions.length === 0) return;
    const champion = await this.#o.champion();
    if (champion === null) await this.#trainWhenDue(partitions);
    else for (const partition of partitions) this.#ask(partition, champion);
  }

  #ask({ loop, partition }: ServedPartition, { modelId, sha256 }: ModelRef): void {
    if (loop === null || loop.fold.state.modelId === modelId) return;
    const nowMs = this.#o.clock.elapsed();
    const asked = this.#asked.get(loop);
    if (asked?.modelId === modelId && nowMs - asked.atMs < RETRY_MS) return;
    this.#asked.set(loop, { modelId, atMs: nowMs });
    loop.change({ kind: 'model', modelId, sha256 }).then(
      (entry) =>
        this.#logger.info({ partition, modelId, offset: entry.offset }, 'the champion serves from this offset on'),
      (err) => this.#logger.warn({ partition, modelId, err }, 'the champion does not serve here'),
    );
  }

  async #trainWhenDue(partitions: readonly ServedPartition[]): Promise<void> {
    const { stream, clock, holdTraining } = this.#o;
    if (clock.elapsed() < this.#trainAfterMs) return;
    const longest = Math.max(...partitions.map(({ loop }) => loop?.fold.longestHistory ?? 0));
    if (longest < stream.training.windows) return;
    const lock = await holdTraining();
    if (lock === null) return;
    try {
      await this.#train();
    } finally {
      await lock.release();
    }
  }

  async #train(): Promise<void> {
    const { stream, clock, rows, propose } = this.#o;
    this.#logger.info('trains the first forest');
    const all: TrainingRow[] = [];
    for await (const row of rows()) all.push(row);
    const answer = await trainInThread({ kind: 'rows', config: stream, rows: all });
    if (!answer.ok) {
      this.#trainAfterMs = clock.elapsed() + RETRY_MS;
      this.#logger.warn({ fault: answer.fault }, 'the first training is put off');
      return;
    }
    const { artifact, summary } = answer.value;
    const modelId = modelIdOf(artifact);
    await propose(modelId, artifact, { ...summary, origin: 'first training', sha256: sha256Hex(artifact) });
    this.#logger.info({ modelId }, 'the first forest is champion');
  }
}
