import type { ControlChange, ControlEntry } from '../../core/types.ts';
import type { Checkpoint, Claim, Flushed, Log, Outputs, PartitionStore } from '../../ingest/ports.ts';
import type { MemoryTables } from '../../store/memory.ts';
import type { SimStore } from './sim-store.ts';
import type { Variant } from './simulate.ts';

/** Hands every call on; a defect overrides what it spoils. */
class Through implements PartitionStore {
  readonly inner: SimStore;

  constructor(inner: SimStore) {
    this.inner = inner;
  }

  get row() {
    return this.inner.tables.partitions.get(0)!;
  }
  claim(owner: string): Promise<Claim> {
    return this.inner.claim(owner);
  }
  controlEntries(after: number) {
    return this.inner.controlEntries(after);
  }
  appendControl(epoch: number, offset: number, change: ControlChange): Promise<ControlEntry | 'fenced'> {
    return this.inner.appendControl(epoch, offset, change);
  }
  flush(outputs: Outputs, epoch?: number): Promise<Flushed | 'fenced'> {
    return this.inner.flush(outputs, epoch);
  }
  checkpoint(checkpoint: Checkpoint): Promise<'committed' | 'fenced'> {
    return this.inner.checkpoint(checkpoint);
  }
  recordLoss(fromOffset: number, toOffset: number, reason: string) {
    return this.inner.recordLoss(fromOffset, toOffset, reason);
  }
}

/** Positions that are kept beside the state, as a Kafka offset commit would keep them. */
const positions = new WeakMap<MemoryTables, number>();

class StateAndOffsetApart extends Through {
  override async claim(owner: string): Promise<Claim> {
    const claim = await super.claim(owner);
    return { ...claim, offsetNext: positions.get(this.inner.tables) ?? 0 };
  }

  override async checkpoint(checkpoint: Checkpoint) {
    const result = await super.checkpoint({ ...checkpoint, offsetPrevious: this.row.offsetNext });
    await this.inner.travel();
    if (result === 'committed') positions.set(this.inner.tables, checkpoint.offsetNext);
    return result;
  }
}

class ResultsAfterCheckpoint extends Through {
  #waiting: Outputs[] = [];

  override async flush(outputs: Outputs) {
    this.#waiting.push(outputs);
    return { divergent: 0 };
  }

  override async checkpoint(checkpoint: Checkpoint) {
    const result = await super.checkpoint(checkpoint);
    if (result === 'committed') for (const outputs of this.#waiting.splice(0)) await this.inner.flush(outputs);
    return result;
  }
}

/** Saves only after a read that brought records: when no more come, the rest is never saved. */
class CheckpointOnlyWithRecords extends Through {
  read = false;

  override async checkpoint(checkpoint: Checkpoint) {
    if (!this.read) return this.row.epoch === checkpoint.epoch ? 'committed' : 'fenced';
    return super.checkpoint({ ...checkpoint, offsetPrevious: this.row.offsetNext });
  }
}

/** Answers at once and writes later: before the next checkpoint, if the worker lives that long. */
class ControlBeforeDurable extends Through {
  #waiting: { offset: number; change: ControlChange }[] = [];
  #last = 0;

  override async claim(owner: string) {
    const claim = await super.claim(owner);
    this.#last = this.row.control.length;
    return claim;
  }

  override async appendControl(_epoch: number, offset: number, change: ControlChange) {
    this.#waiting.push({ offset, change });
    return { offset, sequence: ++this.#last, ...change };
  }

  override async checkpoint(checkpoint: Checkpoint) {
    for (const { offset, change } of this.#waiting.splice(0))
      await super.appendControl(checkpoint.epoch, offset, change);
    return super.checkpoint(checkpoint);
  }
}

class NoEpochFence extends Through {
  override appendControl(_epoch: number, offset: number, change: ControlChange) {
    return super.appendControl(this.row.epoch, offset, change);
  }

  override flush(outputs: Outputs) {
    return super.flush(outputs);
  }

  override checkpoint(checkpoint: Checkpoint) {
    return super.checkpoint({ ...checkpoint, epoch: this.row.epoch });
  }
}

class NoFence extends NoEpochFence {
  override checkpoint(checkpoint: Checkpoint) {
    return super.checkpoint({ ...checkpoint, offsetPrevious: this.row.offsetNext });
  }
}

class FlushWithoutFence extends Through {
  override flush(outputs: Outputs) {
    return super.flush(outputs);
  }
}

const stored =
  (Spoiled: new (inner: SimStore) => PartitionStore): Variant =>
  (store, log) => ({ store: new Spoiled(store), log });

/** Every way of spoiling the protocol that the checker must notice, with what gives each away. */
export const defects: Readonly<Record<string, { variant: Variant; shows: string }>> = {
  'state and offset saved apart': { variant: stored(StateAndOffsetApart), shows: 'accounting' },
  'results written after the checkpoint': { variant: stored(ResultsAfterCheckpoint), shows: 'verdict_missing' },
  'a checkpoint only when records come': {
    variant: (inner, log) => {
      const store = new CheckpointOnlyWithRecords(inner);
      const read: Log['read'] = async (from, maxBytes) => {
        const records = await log.read(from, maxBytes);
        store.read = records.length > 0;
        return records;
      };
      return { store, log: { ...log, read } };
    },
    shows: 'undrained',
  },
  'a control entry in force before it is durable': {
    variant: stored(ControlBeforeDurable),
    shows: 'control_not_durable',
  },
  'no epoch fence': { variant: stored(NoEpochFence), shows: 'epoch_stale' },
  'neither epoch nor previous offset': { variant: stored(NoFence), shows: 'offset_back' },
  'a former owner may flush': { variant: stored(FlushWithoutFence), shows: 'verdict_divergent' },
  'a control entry among records that were judged already': {
    variant: (store, log) => {
      const savedTo = () => store.tables.partitions.get(0)!.offsetNext;
      return { store, log: { ...log, end: savedTo } };
    },
    shows: 'verdict_divergent',
  },
};
