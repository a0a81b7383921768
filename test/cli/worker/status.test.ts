import { expect, test } from 'vitest';
import type { ServedPartition } from '../../../cli/worker/served-partition.ts';
import { WorkerStatus } from '../../../cli/worker/status.ts';
import { streamConfig } from '../../../core/config/stream.ts';

const [one, two] = ['one', 'two'].map((name) => streamConfig.parse({ name })) as [
  ReturnType<typeof streamConfig.parse>,
  ReturnType<typeof streamConfig.parse>,
];

interface Served {
  lag?: number;
  modelId?: string;
  mode?: string;
  longestHistory?: number;
}

/** null: not claimed. */
const partition = (stream: typeof one, loop: Served | null) =>
  ({
    stream,
    loop: loop && {
      lag: loop.lag ?? 0,
      fold: {
        state: { modelId: loop.modelId ?? '', mode: loop.mode ?? 'forest' },
        longestHistory: loop.longestHistory ?? 0,
      },
    },
  }) as unknown as ServedPartition;

const statusOf = (partitions: ServedPartition[], joined = true) => {
  const status = new WorkerStatus([one, two], () => partitions);
  status.joined(joined);
  return status.streams();
};
const ready = (...args: Parameters<typeof statusOf>) => statusOf(...args).map((s) => s.ready);

test('a worker that the group gave nothing stands by and is ready; one outside the group is not', () => {
  expect(ready([])).toEqual([true, true]);
  expect(ready([], false)).toEqual([false, false]);
  expect(ready([partition(one, {})], false)).toEqual([false, false]);
});

test('a stream is ready when all of its partitions here are claimed and not far behind', () => {
  expect(ready([partition(one, {}), partition(one, null), partition(two, {})])).toEqual([false, true]);
  expect(ready([partition(one, { lag: 6_000 }), partition(one, { lag: 3_999 })])).toEqual([true, true]);
  expect(ready([partition(one, { lag: 6_000 }), partition(one, { lag: 4_000 })])).toEqual([false, true]);
});

test('it tells the model when all partitions have the same, and how far the first training is otherwise', () => {
  const both = [partition(one, { modelId: 'm' }), partition(one, { modelId: 'm' })];
  expect(statusOf(both)[0]).toMatchObject({ source: 'forest', modelId: 'm', training: null });
  const switching = [partition(one, { modelId: 'm', longestHistory: 9_999 }), partition(one, { modelId: 'n' })];
  expect(statusOf(switching)[0]).toMatchObject({ modelId: null, source: 'fallback' });
  const none = [partition(one, { longestHistory: 100 }), partition(one, { longestHistory: 80 })];
  expect(statusOf(none)[0]).toMatchObject({
    modelId: null,
    source: 'fallback',
    training: { windows: 100, needed: 720 },
  });
  expect(statusOf([partition(one, { modelId: 'm', mode: 'fallback' })])[0]).toMatchObject({ source: 'fallback' });
});
