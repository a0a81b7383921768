import type { ControlChange, ControlEntry } from '../../core/types.ts';
import type { FoldState } from '../../detector/fold-state.ts';

/** The loop of a partition that this process serves, as those who look after it see it. A Partition with a Fold is one. */
export interface TendedLoop {
  readonly fold: {
    readonly state: FoldState;
    readonly controlSequence: number;
    readonly longestHistory: number;
  };
  change(change: ControlChange): Promise<ControlEntry>;
}

/** A partition that this process serves. */
export interface Tended {
  readonly partition: number;
  /** null until it is claimed, and whenever it is not. */
  readonly loop: TendedLoop | null;
  /** What its forest has come to, null before there is a claim. */
  readonly health: ForestHealth | null;
}

/** Whether the forest of a partition may serve; breaker.ts says how that is told. */
export interface ForestHealth {
  /** Why it may not, or null while it may. */
  objection(nowMs: number): string | null;
}
