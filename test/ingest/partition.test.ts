import { expect, test } from 'vitest';
import { TidewatchError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { ControlEntry } from '../../core/types.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { MemoryPartitionStore } from '../../store/memory.ts';
import { makeModel, testConfig } from '../detector/make.ts';
import { Bench } from './partition-bench.ts';

const artifact = makeModel(testConfig(), ['a'], 2);
const model = { kind: 'model', modelId: modelIdOf(artifact), sha256: sha256Hex(artifact) } as const;
const starts = (bench: Bench) => [...bench.tables.verdicts.values()].map((v) => v.windowStartMs / 1000);

test("a batch's verdicts are durable before the checkpoint that covers them, and listeners hear of them after that", async () => {
  const bench = new Bench();
  const order: string[] = [];
  class Watched extends MemoryPartitionStore {
    override async flush(...args: Parameters<MemoryPartitionStore['flush']>) {
      const result = await super.flush(...args);
      order.push('flush');
      return result;
    }
    override async checkpoint(...args: Parameters<MemoryPartitionStore['checkpoint']>) {
      order.push('checkpoint');
      return super.checkpoint(...args);
    }
  }
  bench.log.beat('a', 0, 30);
  const worker = await bench.start({
    store: new Watched(bench.tables),
    onFlushed: (out) => order.push(`heard ${out.verdicts.length}`),
  });
  await bench.pass(1_000);
  expect(order).toEqual(['flush', 'heard 2', 'checkpoint']);
  await worker.stop();
});

test('a silent partition moves on by the time that has passed, until nothing waits for it', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 25);
  const worker = await bench.start();
  await bench.pass(4_500);
  expect(bench.row.control).toEqual([]);
  await bench.pass(1_000);
  expect(bench.row.control).toMatchObject([{ kind: 'watermark', offset: 25, toMs: 22_000 + 5_000 }]);
  await bench.pass(10_000);
  expect(starts(bench)).toEqual([0, 10, 20]);
  await bench.pass(120_000, 1_000);
  expect([...bench.tables.incidents.values()].map((i) => i.kind)).toEqual(['absence']);
  await bench.pass(4_200_000, 30_000);
  const entries = bench.row.control.length;
  await bench.pass(600_000, 5_000);
  expect(bench.row.control).toHaveLength(entries);
  expect(bench.saved).toMatchObject({ offsetNext: 25, controlSequence: entries });
  await worker.stop();
});

test('a long silence costs tens of control entries, not one every few seconds', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 25);
  const worker = await bench.start({}, testConfig({ missing: { absenceWindows: 8640 } }));
  await bench.pass(86_400_000 / 2, 10_000);
  expect(bench.row.control.length).toBeGreaterThan(10);
  expect(bench.row.control.length).toBeLessThan(100);
  await worker.stop();
}, 60_000);

test('a wall clock that is set moves no watermark', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 25);
  const { clock } = bench;
  let shiftMs = 0;
  const set = { now: () => clock.now() + shiftMs, elapsed: () => clock.elapsed(), sleep: clock.sleep.bind(clock) };
  const worker = await bench.start({ clock: set });
  shiftMs = 3_600_000;
  await bench.pass(1_500);
  expect(bench.row.control).toEqual([]);
  shiftMs = -3_600_000;
  bench.log.beat('a', 25, 30);
  await bench.pass(1_500);
  expect(bench.saved?.offsetNext).toBe(30);
  await worker.stop();
});

test('a fenced worker stops with an error that says so, and changes that wait are refused', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 5);
  const old = await bench.start();
  const next = await bench.start();
  const waiting = old.partition.change({ kind: 'mode', mode: 'fallback', reason: 'test' });
  await expect(waiting).rejects.toThrow(/another process has taken over this partition/);
  expect(old.failure()).toMatchObject({ code: 'already_running' });
  await expect(old.partition.change({ kind: 'watermark', toMs: 1 })).rejects.toThrow(/already_running/);
  expect(next.failure()).toBeNull();
  await next.stop();
});

test('a change resolves once it is durable and takes effect before the record at its offset', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 20);
  const worker = await bench.start();
  const entry = await worker.partition.change({ kind: 'mode', mode: 'disabled', reason: 'test' });
  expect(entry).toMatchObject({ offset: 20, sequence: 1, mode: 'disabled' });
  expect(bench.row.control).toEqual([entry]);
  bench.log.beat('a', 20, 60);
  await bench.pass(250);
  expect(starts(bench)).toEqual([0]);
  await worker.stop();
});

test('a change made while records are judged again takes effect after those that were judged before', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 120);
  class NeverSaves extends MemoryPartitionStore {
    override async checkpoint(): Promise<'fenced'> {
      return 'fenced';
    }
  }
  const crashed = await bench.start({ store: new NeverSaves(bench.tables) });
  await crashed.stop();
  const judged = starts(bench).length;
  let waiting: Promise<ControlEntry> | undefined;
  const worker = await bench.start({}, testConfig(), (partition) => {
    waiting = partition.change({ kind: 'mode', mode: 'disabled', reason: 'test' });
  });
  expect(await waiting).toMatchObject({ offset: 120 });
  await worker.stop();
  expect(starts(bench)).toHaveLength(judged);
  expect(bench.notices).toEqual([]);
});

test('a model that cannot serve is refused before it is durable', async () => {
  const bench = new Bench();
  const damaged = artifact.slice();
  damaged[damaged.length >> 1]! ^= 4;
  await bench.models.put('damaged', 's', damaged, {});
  const worker = await bench.start();
  const change = (modelId: string, bytes: Uint8Array) =>
    worker.partition.change({ kind: 'model', modelId, sha256: sha256Hex(bytes) });
  await expect(change(model.modelId, artifact)).rejects.toThrow(/is not in the store/);
  await expect(change('damaged', damaged)).rejects.toThrow(/artifact_/);
  await expect(change('damaged', artifact)).rejects.toThrow(/SHA-256 differs/);
  expect(bench.row.control).toEqual([]);
  expect(worker.failure()).toBeNull();
  await worker.stop();
});

test('large states are checkpointed less often, and an outage is no reason to', async () => {
  const bench = new Bench();
  const at: number[] = [];
  let costMs = 300;
  let away = 0;
  class Slow extends MemoryPartitionStore {
    override async checkpoint(...args: Parameters<MemoryPartitionStore['checkpoint']>) {
      if (away-- > 0) throw new TidewatchError('database_unavailable', 'test');
      at.push(bench.clock.now());
      bench.clock.advance(costMs);
      return super.checkpoint(...args);
    }
  }
  const worker = await bench.start({ store: new Slow(bench.tables) });
  const run = async (seconds: number) => {
    for (let s = 0; s < seconds; s++) {
      const t = bench.log.records.length;
      bench.log.beat('a', t, t + 1);
      await bench.pass(1_000);
    }
    const gaps = at
      .splice(0)
      .map((ms, i, all) => (i === 0 ? 0 : ms - all[i - 1]!))
      .slice(1);
    return Math.min(...gaps);
  };
  expect(await run(12)).toBeGreaterThanOrEqual(3_000);
  costMs = 0;
  await run(6);
  expect(await run(6)).toBeLessThan(1_500);
  away = 5;
  await run(12);
  expect(await run(6)).toBeLessThan(1_500);
  await worker.stop();
});
