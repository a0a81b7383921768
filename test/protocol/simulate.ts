import { TidewatchError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { ControlEntry } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { Partition } from '../../ingest/partition.ts';
import type {
  FoldFactory,
  Log,
  LogRecord,
  ModelStore,
  Outputs,
  PartitionFold,
  PartitionStore,
} from '../../ingest/ports.ts';
import { MemoryTables } from '../../store/memory.ts';
import { decoder } from '../detector/make.ts';
import { check } from './check.ts';
import { History, SimStore } from './sim-store.ts';
import { anyChange, anyRecord, config, models } from './workload.ts';
import { Process, World, WorldLog } from './world.ts';

/** A defect planted between the loop and what it stands on; without one it is the product as it is. */
export type Variant = (store: SimStore, log: Log) => { store: PartitionStore; log: Log };

export interface Run {
  seed: number;
  /** Codes of what was violated, sorted; empty when all invariants hold. */
  violations: string[];
  faults: History['faults'];
  verdicts: number;
  steps: number;
}

const WORKERS = 3;
const READ_RECORDS = 8;
const BUSY_STEPS = 900;
const CALM_STEPS = 3_000;
const SILENT_STEPS = 100;
const MAX_RECORDS = 140;

interface Worker {
  process: Process;
  partition: Partition<CheckedFold>;
  stop: AbortController;
  ended: boolean;
}

/** The real fold, which reports a control entry that took effect without being in the control log. */
class CheckedFold implements PartitionFold {
  readonly inner: Fold;
  readonly #durable: (entry: ControlEntry) => boolean;
  readonly #report: (violation: string) => void;
  #undurable = false;

  constructor(inner: Fold, durable: (entry: ControlEntry) => boolean, report: (violation: string) => void) {
    this.inner = inner;
    this.#durable = durable;
    this.#report = report;
  }

  record(record: LogRecord, out: Outputs): void {
    if (this.#undurable) this.#report('control_not_durable');
    this.inner.record(record, out);
  }

  control(entry: ControlEntry, out: Outputs, model?: Uint8Array): void {
    // a fold on which a model is only tried sees no record afterwards
    if (!this.#durable(entry)) this.#undurable = true;
    this.inner.control(entry, out, model);
  }

  save(): Uint8Array {
    return this.inner.save();
  }

  get watermarkMs() {
    return this.inner.watermarkMs;
  }
  get waitsForTime() {
    return this.inner.waitsForTime;
  }
  get counters() {
    return this.inner.counters;
  }
  get controlSequence() {
    return this.inner.controlSequence;
  }
}

/** Runs the real loop in several workers over one log and one set of tables until all is calm, then checks. */
export async function simulate(seed: number, variant: Variant = (store, log) => ({ store, log })): Promise<Run> {
  const random = new Random(seed);
  const world = new World(random.fork('schedule'));
  const log = new WorldLog(world);
  const tables = new MemoryTables();
  const history = new History();
  const { faults } = history;
  let faulty = true;

  const durable = (entry: ControlEntry) =>
    JSON.stringify(tables.partitions.get(0)?.control[entry.sequence - 1]) === JSON.stringify(entry);
  const checked = (fold: Fold) => new CheckedFold(fold, durable, (violation) => history.violations.add(violation));
  const folds: FoldFactory<CheckedFold> = {
    create: () => checked(new Fold(config, decoder)),
    modelOf: Fold.modelOf,
    challengerOf: Fold.challengerOf,
    restore: (state, model, challenger) => {
      const fold = Fold.restore(config, decoder, state, model, 0, challenger);
      return fold.ok ? { ok: true, value: checked(fold.value) } : fold;
    },
  };

  const workers: (Worker | undefined)[] = Array.from({ length: WORKERS });
  let owner = 0;

  function start(slot: number): void {
    const old = workers[slot];
    if (old) world.kill(old.process);
    const process = new Process(`worker ${slot}`);
    const store = new SimStore(tables, world, process, history, () => faulty);
    const reader: ModelStore = {
      put: async () => undefined,
      get: async (id) => {
        await world.gate(process);
        return models.get(id) ?? null;
      },
    };
    const partition = new Partition<CheckedFold>({
      ...variant(store, log.for(process, READ_RECORDS)),
      models: reader,
      folds,
      clock: world.clockOf(process),
      owner: process.name,
      checkpointMs: 2_000,
      idleMs: 5_000,
    });
    const worker: Worker = { process, partition, stop: new AbortController(), ended: false };
    workers[slot] = worker;
    owner = slot;
    partition
      .claim()
      .then(() => partition.run(worker.stop.signal))
      .catch((cause) => {
        if (cause instanceof TidewatchError && cause.code === 'already_running') faults.fenced++;
        else history.violations.add('error');
      })
      .finally(() => {
        worker.ended = true;
      });
  }

  function disturb(): void {
    const draw = random.next();
    const victim = workers[random.below(WORKERS)];
    if (draw < 0.006) {
      // a rebalance: the old owner is told in time, or goes on as a zombie
      const old = workers[owner];
      if (random.next() < 0.4) old?.stop.abort();
      faults.rebalance++;
      start((owner + 1 + random.below(WORKERS - 1)) % WORKERS);
    } else if (draw < 0.016) {
      faults.kill++;
      start(owner);
    } else if (draw < 0.024 && victim) {
      faults.pause++;
      victim.process.pausedUntilMs = world.nowMs + random.below(30_000);
    } else if (draw < 0.04 && victim && !victim.process.dead) {
      faults.change++;
      victim.partition.change(anyChange(random)).catch(() => undefined); // a zombie's, or of one that is killed
    }
    const current = workers[owner];
    if (current?.ended) start(owner);
  }

  start(0);
  let steps = 0;
  let silentTo = 0;
  for (; steps < BUSY_STEPS; steps++) {
    disturb();
    if (random.next() < 0.005) silentTo = steps + random.below(150);
    if (steps >= silentTo && random.next() < 0.2 && log.records.length < MAX_RECORDS) {
      world.nowMs += random.below(2_000);
      log.append(anyRecord(random, world.nowMs, log.records));
    }
    if (!(await world.step())) start(owner);
  }

  faulty = false;
  for (const worker of workers) if (worker) worker.process.pausedUntilMs = 0;
  start(owner);
  const row = () => tables.partitions.get(0)!;
  const drained = () => {
    const newest = row().generations[0]?.checkpoint;
    const fold: CheckedFold | undefined = workers[owner]!.partition.fold; // none before the claim
    return (
      newest?.offsetNext === log.records.length &&
      newest.controlSequence === row().control.length &&
      fold?.waitsForTime === false
    );
  };
  const limit = steps + CALM_STEPS;
  for (; steps < limit && !drained(); steps++) {
    if (workers[owner]!.ended) start(owner); // fenced by a claim that was on its way
    if (!(await world.step())) break;
  }
  if (!drained()) history.violations.add('undrained');
  // what still goes on must change nothing: neither the idle owner nor a zombie that has yet to notice
  const control = row().control.length;
  for (let i = 0; i < SILENT_STEPS; i++) await world.step();
  if (row().control.length !== control) history.violations.add('endless_control_entries');
  for (const worker of workers) if (worker) world.kill(worker.process);

  faults.idle = row().control.filter((entry) => entry?.kind === 'watermark').length;
  const violations = check(log.records, tables, history);
  return { seed, violations, faults, verdicts: tables.verdicts.size, steps };
}
