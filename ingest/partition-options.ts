import type { Clock } from '../core/clock.ts';
import type { Fault } from '../core/errors.ts';
import type {
  FoldFactory,
  Log,
  ModelStore,
  Outputs,
  PartitionFold,
  PartitionObserver,
  PartitionStore,
} from './ports.ts';

/** What a partition loop works with. */
export interface PartitionOptions<F extends PartitionFold> {
  log: Log;
  store: PartitionStore;
  models: ModelStore;
  folds: FoldFactory<F>;
  clock: Clock;
  owner: string;
  checkpointMs: number;
  /** Silence after which the watermark is moved by a control entry. */
  idleMs: number;
  /** Called once a batch is durable; after a crash once more, with the same items. */
  onFlushed?: (outputs: Outputs) => void;
  /** Something an operator should know; the loop goes on. */
  onNotice?: (message: string, fault?: Fault) => void;
  observe?: PartitionObserver;
}
