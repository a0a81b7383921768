import type { Clock } from '../../core/clock.ts';
import { Breaker } from '../../detector/breaker.ts';
import type { Tallies } from '../../detector/tallies.ts';
import type { Outputs, PartitionObserver } from '../../ingest/ports.ts';
import type { ServingMeter } from './serving-meter.ts';
import type { ForestHealth } from './tended.ts';

/** What is read of a claimed partition. */
export interface ClaimedPartition {
  readonly epoch: number;
  readonly fold: { readonly tallies: Tallies };
}

/**
 * Watches what one claim of a partition comes to: its breaker is told how the forest did in each batch, its meter how long
 * verdicts took.
 */
export class PartitionHealth implements PartitionObserver, ForestHealth {
  readonly breaker = new Breaker();
  readonly #clock: Clock;
  readonly #meter: ServingMeter;
  #claimed: ClaimedPartition | null = null;
  #windows = 0;
  #failed = 0;
  /** Failed windows that the meter was told of. */
  #metered = 0;

  constructor(clock: Clock, meter: ServingMeter) {
    this.#clock = clock;
    this.#meter = meter;
  }

  claimed(partition: ClaimedPartition): void {
    this.#claimed = partition;
    const { forestWindows, forestFailed } = partition.fold.tallies;
    this.#windows = forestWindows;
    this.#failed = this.#metered = forestFailed;
  }

  folded(_records: number, _bytes: number, foldMs: number): void {
    if (this.#claimed === null) return;
    const { forestWindows, forestFailed } = this.#claimed.fold.tallies;
    const batch = { windows: forestWindows - this.#windows, failed: forestFailed - this.#failed, foldMs };
    this.#windows = forestWindows;
    this.#failed = forestFailed;
    // decoding records that close no window says nothing about the forest
    if (batch.windows > 0) this.breaker.batch(batch, this.#clock.elapsed());
  }

  flushed({ verdicts }: Outputs, latencyMs: number): void {
    if (this.#claimed === null || verdicts.length === 0) return;
    const { epoch, fold } = this.#claimed;
    const errors = fold.tallies.forestFailed - this.#metered;
    this.#metered = fold.tallies.forestFailed;
    this.#meter.add(epoch, verdicts.at(-1)!.windowStartMs, { windows: verdicts.length, errors, latencyMs });
  }

  objection(nowMs: number): string | null {
    this.breaker.tick(nowMs);
    return this.breaker.state === 'open' ? this.breaker.reason : null;
  }
}
