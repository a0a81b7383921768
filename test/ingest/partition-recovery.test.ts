import { expect, test } from 'vitest';
import { TidewatchError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { MemoryPartitionStore } from '../../store/memory.ts';
import { makeModel, testConfig } from '../detector/make.ts';
import { Bench } from './partition-bench.ts';

const artifact = makeModel(testConfig(), ['a'], 2);
const model = { kind: 'model', modelId: modelIdOf(artifact), sha256: sha256Hex(artifact) } as const;
const starts = (bench: Bench) => [...bench.tables.verdicts.values()].map((v) => v.windowStartMs / 1000);

test.each(['database_unavailable', 'disk_full'] as const)(
  'while PostgreSQL says %s it waits and repeats the same',
  async (code) => {
    const bench = new Bench();
    let away = true;
    const tried: unknown[] = [];
    class Away extends MemoryPartitionStore {
      override async flush(...args: Parameters<MemoryPartitionStore['flush']>) {
        tried.push(args[0]);
        if (away) throw new TidewatchError(code, 'test');
        return super.flush(...args);
      }
    }
    bench.log.beat('a', 0, 30);
    const worker = await bench.start({ store: new Away(bench.tables) });
    await bench.pass(5_000);
    expect(tried.length).toBeGreaterThan(4);
    expect(new Set(tried).size).toBe(1);
    expect(bench.saved).toBeUndefined();
    expect(bench.notices).toEqual([`PostgreSQL does not take our calls; waiting (${code})`]);
    away = false;
    await bench.pass(10_000);
    expect(starts(bench).slice(0, 2)).toEqual([0, 10]);
    expect(bench.saved?.offsetNext).toBe(30);
    await worker.stop();
  },
);

test('told to stop while PostgreSQL is away, it stops unsaved and the next start repeats the work', async () => {
  const bench = new Bench();
  class Gone extends MemoryPartitionStore {
    override async flush(): Promise<never> {
      throw new TidewatchError('database_unavailable', 'test');
    }
  }
  bench.log.beat('a', 0, 30);
  const worker = await bench.start({ store: new Gone(bench.tables) });
  await worker.stop();
  expect(worker.failure()).toBeNull();
  expect(bench.notices.at(-1)).toMatch(/stops unsaved/);
  expect(bench.saved).toBeUndefined();
  await (await bench.start()).stop();
  expect(starts(bench)).toEqual([0, 10]);
});

test('a flush that fails for good ends the worker without a checkpoint, so no verdict is lost', async () => {
  const bench = new Bench();
  class Broken extends MemoryPartitionStore {
    override async flush(): Promise<never> {
      throw new Error('a constraint is violated');
    }
  }
  bench.log.beat('a', 0, 30);
  const worker = await bench.start({ store: new Broken(bench.tables) });
  expect(worker.failure()).toMatchObject({ message: 'a constraint is violated' });
  expect(bench.saved).toBeUndefined();
  await (await bench.start()).stop();
  expect(starts(bench)).toEqual([0, 10]);
});

test('a listener that throws does not end the worker', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 30);
  const worker = await bench.start({
    onFlushed: () => {
      throw new Error('no room');
    },
  });
  await worker.stop();
  expect(worker.failure()).toBeNull();
  expect(bench.notices).toEqual(['a listener failed on what was flushed: Error: no room']);
  expect(bench.saved?.offsetNext).toBe(30);
});

test('a damaged newest state takes the generation before, and its verdicts come out the same', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 30);
  await (await bench.start()).stop();
  bench.log.beat('a', 30, 60);
  await (await bench.start()).stop();
  bench.saved!.state[40]! ^= 1;
  bench.log.beat('a', 60, 80);
  const worker = await bench.start();
  await worker.stop();
  expect(bench.notices).toEqual(['goes on from the generation before (state_corrupt)']);
  expect(starts(bench)).toEqual([0, 10, 20, 30, 40, 50, 60]);
  expect(bench.saved?.counters.applied).toBe(160);
});

test('a state of other windows or features starts afresh at its offset, says so, and keeps what was put in force', async () => {
  const bench = new Bench();
  await bench.models.put(model.modelId, 's', artifact, {});
  bench.log.beat('a', 0, 30);
  const first = await bench.start();
  await first.partition.change(model);
  await first.partition.change({ kind: 'mode', mode: 'disabled', reason: 'one' });
  await first.partition.change({ kind: 'mode', mode: 'fallback', reason: 'two' });
  await first.stop();
  bench.log.beat('a', 30, 60);
  const other = testConfig({ window: { size: '5s', allowedLateness: '2s' } });
  const worker = await bench.start({}, other);
  expect(bench.notices).toEqual(['windows start afresh at offset 30: the saved state does not fit (state_mismatch)']);
  const { state, counters } = worker.partition.fold;
  expect([state.modelId, state.mode, state.controlSequence]).toEqual([model.modelId, 'fallback', 3]);
  expect(counters.applied).toBe(60);
  expect([...bench.tables.verdicts.values()].at(-1)).toMatchObject({ windowMs: 5_000, windowStartMs: 50_000 });
  await worker.stop();
});

test('records that retention removed before they were read are noted as lost, at the start and while it runs', async () => {
  const bench = new Bench();
  bench.log.beat('a', 0, 20);
  bench.log.removed = 5;
  const worker = await bench.start();
  bench.log.removed = 30;
  bench.log.beat('a', 20, 40);
  await bench.pass(1_000);
  expect([...bench.tables.lostRanges.values()].map((r) => [r.fromOffset, r.toOffset])).toEqual([
    [0, 5],
    [20, 30],
  ]);
  expect(bench.notices).toEqual([
    'records 0 to 4 are gone from the log (retention)',
    'records 20 to 29 are gone from the log (retention)',
  ]);
  expect(worker.partition.fold.counters.applied).toBe(50);
  await worker.stop();
});

test('when the model of a durable entry is gone, what served before goes on, and says so', async () => {
  const bench = new Bench();
  const store = new MemoryPartitionStore(bench.tables);
  await store.appendControl((await store.claim('x')).epoch, 0, model);
  bench.log.beat('a', 0, 30);
  const worker = await bench.start();
  await worker.stop();
  expect(bench.notices).toEqual([
    `model ${model.modelId} cannot serve; what served before goes on (artifact_mismatch)`,
  ]);
  expect([...bench.tables.verdicts.values()].map((v) => v.source)).toEqual(['fallback', 'fallback']);
});
