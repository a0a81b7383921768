import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { sha256Hex } from '../../core/hash.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import { trainInThread } from '../embedded/training.ts';
import type { TendedLoop } from './tended.ts';

export interface FirstTrainingOptions {
  stream: StreamConfig;
  clock: Clock;
  logger: Logger;
  /** The right to train the first one, null while another worker has it. */
  holdTraining: () => Promise<{ lost: AbortSignal; release(): Promise<void> } | null>;
  rows: () => AsyncIterable<TrainingRow>;
  /** Stores an artifact and makes it champion unless there is one by now. */
  propose: (modelId: string, artifact: Uint8Array, about: Record<string, unknown>) => Promise<void>;
}

/** Rows that did not suffice, or a right that was lost, are tried again after this. */
const RETRY_MS = 60_000;

/** While a stream has no model, the first worker with enough history trains one. */
export class FirstTraining {
  readonly #o: FirstTrainingOptions;
  readonly #logger: Logger;
  #afterMs = 0;

  constructor(options: FirstTrainingOptions) {
    this.#o = options;
    this.#logger = options.logger.child({ stream: options.stream.name });
  }

  readonly whenDue = async (loops: readonly TendedLoop[]): Promise<void> => {
    const { stream, clock, holdTraining } = this.#o;
    if (clock.elapsed() < this.#afterMs) return;
    const longest = Math.max(...loops.map(({ fold }) => fold.longestHistory));
    if (longest < stream.training.windows) return;
    const lock = await holdTraining();
    if (lock === null) return;
    try {
      await this.#train(lock.lost);
    } finally {
      await lock.release();
    }
  };

  async #train(lost: AbortSignal): Promise<void> {
    const { stream, rows, propose } = this.#o;
    this.#logger.info('trains the first forest');
    const all: TrainingRow[] = [];
    for await (const row of rows()) all.push(row);
    const answer = await trainInThread({ kind: 'rows', config: stream, rows: all });
    if (!answer.ok) return this.#putOff({ fault: answer.fault });
    // another worker may have trained and proposed one meanwhile, and its partitions go on warm with that
    if (lost.aborted) return this.#putOff({ reason: 'the right to train was lost' });
    const { artifact, summary } = answer.value;
    const modelId = modelIdOf(artifact);
    await propose(modelId, artifact, { ...summary, origin: 'first training', sha256: sha256Hex(artifact) });
    this.#logger.info({ modelId }, 'the first forest is champion');
  }

  #putOff(why: Record<string, unknown>): void {
    this.#afterMs = this.#o.clock.elapsed() + RETRY_MS;
    this.#logger.warn(why, 'the first training is put off');
  }
}
