import type { StreamConfig } from '../../core/config/stream.ts';
import type { Live, StreamStatus } from '../../monitor/ports.ts';
import type { ServedPartition } from './served-partition.ts';

/** Records behind which a stream does not count as ready. */
const READY_LAG = 10_000;

/** What this worker can say of its streams. A worker that the group gave nothing is ready: it stands by. */
export class WorkerStatus implements Live {
  readonly #streams: readonly StreamConfig[];
  readonly #served: () => Iterable<ServedPartition>;
  #joined = false;

  constructor(streams: Iterable<StreamConfig>, served: () => Iterable<ServedPartition>) {
    this.#streams = [...streams];
    this.#served = served;
  }

  /** Whether it is a member of the group, as far as it knows. */
  joined(joined: boolean): void {
    this.#joined = joined;
  }

  streams(): StreamStatus[] {
    return this.#streams.map((stream) => this.#status(stream));
  }

  #status(stream: StreamConfig): StreamStatus {
    const mine = [...this.#served()].filter((partition) => partition.stream === stream);
    const loops = mine.flatMap(({ loop }) => loop ?? []);
    const states = loops.map(({ fold }) => fold.state);
    const modelIds = new Set(states.map(({ modelId }) => modelId));
    const modelId = modelIds.size === 1 ? [...modelIds][0]! : '';
    const mode = states[0]?.mode ?? 'forest';
    const windows = loops.length === 0 ? 0 : Math.max(...loops.map(({ fold }) => fold.longestHistory));
    const needed = stream.training.windows;
    const lagRecords = loops.reduce((sum, { lag }) => sum + lag, 0);
    return {
      stream: stream.name,
      mode,
      source: modelId !== '' && mode === 'forest' ? 'forest' : 'fallback',
      modelId: modelId === '' ? null : modelId,
      training: modelId === '' ? { windows: Math.min(windows, needed), needed } : null,
      lagRecords,
      ready: this.#joined && loops.length === mine.length && lagRecords < READY_LAG,
    };
  }

  subscribe(): () => void {
    return () => undefined;
  }
}
