import { beforeAll, expect, test } from 'vitest';
import { monitorStores } from '../../../cli/monitor/stores.ts';
import { trainingHere } from '../../../cli/monitor/training.ts';
import { trainingInThreads } from '../../../cli/monitor/training-threads.ts';
import { systemClock } from '../../../core/clock.ts';
import { workHere } from '../../../monitor/training/work.ts';
import type { Effect } from '../../../monitor/types.ts';
import { testDatabase } from '../../postgres.ts';
import { FoldedStream, STREAM } from './site.ts';

const database = await testDatabase();
const stores = monitorStores(database.pool, systemClock);
const stream = new FoldedStream(database);
const here = trainingHere(stores, workHere(systemClock), 'v');
const there = trainingInThreads(database.url, 'v');
const { signal } = new AbortController();
const config = { ...STREAM, policy: { ...STREAM.policy, training: { ...STREAM.policy.training, minWindows: 256 } } };
let train: Effect;

beforeAll(async () => {
  await stream.claim();
  await stream.records(600);
  await stream.train();
  train = { id: 'e1', decision: 'shop-1', kind: 'train', seed: 5, quarantine: [], toMs: stream.timeMs };
});

test('a thread reads the windows by itself, and gives the model that this thread gives', async () => {
  const [one, other] = [await here.run(config, train, signal), await there.run(config, train, signal)];
  if (one.kind !== 'trained' || other.kind !== 'trained') throw new Error(JSON.stringify([one, other]));
  expect(other.model).toEqual(one.model);
  expect(await stores.registry.get(other.model.modelId)).not.toBeNull();
  const ask = { modelId: other.model.modelId, toMs: stream.timeMs, quarantine: [] };
  expect(await there.quality(config, ask, signal)).toEqual(await here.quality(config, ask, signal));
});

test('what is wrong with the data is an answer; what is wrong with the database is an error of the same code', async () => {
  expect(await there.run(config, { ...train, toMs: 1 } as Effect, signal)).toMatchObject({
    kind: 'failed',
    code: 'too_little_data',
  });
  const nobody = trainingInThreads('postgres://tidewatch@127.0.0.1:1/none', 'v');
  await expect(nobody.run(config, train, signal)).rejects.toMatchObject({ code: 'database_unavailable' });
});

test('it ends when it is no longer wanted', async () => {
  const stop = new AbortController();
  const left = there.run(config, train, stop.signal);
  stop.abort(new Error('not wanted'));
  await expect(left).rejects.toThrow('not wanted');
});
