import { expect, test } from 'vitest';
import { Champion, type ChampionOptions } from '../../../cli/worker/champion.ts';
import type { ServedPartition } from '../../../cli/worker/served-partition.ts';
import { ManualClock } from '../../../core/clock.ts';
import { sha256Hex } from '../../../core/hash.ts';
import { modelIdOf } from '../../../detector/offline.ts';
import type { TrainingRow } from '../../../detector/ports.ts';
import { makeRows } from '../../detector/make.ts';
import { until } from '../../e2e/up.ts';
import { listener, STREAM, settle } from './hand.ts';

const MODEL = { modelId: 'm1', sha256: 'x' };

/** A partition whose loop takes a change as the test says. */
function fakePartition(longestHistory = 0) {
  const asked: string[] = [];
  const state = { modelId: '' };
  const loop = {
    fold: { state, longestHistory },
    answer: (modelId: string): Promise<{ offset: number }> => Promise.reject(new Error(`${modelId} does not fit`)),
    change(change: { modelId: string }) {
      asked.push(change.modelId);
      return this.answer(change.modelId);
    },
  };
  return { asked, state, loop, partition: 0, served: { loop, partition: 0 } as unknown as ServedPartition };
}

function start(served: ServedPartition[], more: Partial<ChampionOptions> = {}) {
  const clock = new ManualClock();
  const told = listener();
  const seen = { locks: 0, released: 0, proposed: [] as [string, string][], trained: 0 };
  const stop = new AbortController();
  const champion = new Champion({
    stream: STREAM,
    clock,
    logger: told.logger,
    served: () => served,
    champion: () => Promise.resolve(MODEL),
    holdTraining: async () => {
      seen.locks++;
      const release = async () => {
        seen.released++;
      };
      return { lost: new AbortController().signal, release };
    },
    rows: async function* (): AsyncGenerator<TrainingRow> {
      seen.trained++;
      yield* makeRows(['a', 'b'], 80, 2);
    },
    propose: async (modelId, artifact) => {
      seen.proposed.push([modelId, sha256Hex(artifact)]);
      expect(modelId).toBe(modelIdOf(artifact));
    },
    ...more,
  });
  const ended = champion.run(stop.signal);
  const pass = async (seconds: number) => {
    for (let s = 0; s < seconds; s++) {
      clock.advance(1_000);
      await settle();
    }
  };
  const end = async () => {
    stop.abort();
    await ended;
  };
  return { seen, told, pass, end };
}

test('each partition is asked once for a champion, which takes effect some records later', async () => {
  const [one, two] = [fakePartition(), fakePartition()];
  for (const { loop } of [one, two]) loop.answer = () => Promise.resolve({ offset: 7 });
  two.state.modelId = MODEL.modelId;
  const { pass, end, told } = start([one.served, two.served]);
  await pass(30);
  expect([one.asked, two.asked]).toEqual([['m1'], []]);
  expect(told.said('the champion serves from this offset on')).toBe(1);
  await end();
});

test('a partition that refused it is asked again a minute later, and at once for another', async () => {
  const one = fakePartition();
  let champion = MODEL;
  const { pass, end, told } = start([one.served], { champion: () => Promise.resolve(champion) });
  await pass(30);
  expect([one.asked, told.said('the champion does not serve here')]).toEqual([['m1'], 1]);
  champion = { modelId: 'm2', sha256: 'y' };
  await pass(2);
  expect(one.asked).toEqual(['m1', 'm2']);
  await pass(62);
  expect(one.asked).toEqual(['m1', 'm2', 'm2']);
  await end();
});

test('a partition claimed anew is asked anew', async () => {
  const [before, after] = [fakePartition(), fakePartition()];
  const served = [before.served];
  const { pass, end } = start(served);
  await pass(2);
  served[0] = after.served;
  await pass(2);
  expect([before.asked, after.asked]).toEqual([['m1'], ['m1']]);
  await end();
});

test('without a champion, one with enough history trains the first under the lock and proposes it', async () => {
  let champion: typeof MODEL | null = null;
  const one = fakePartition(STREAM.training.windows);
  const { seen, pass, end } = start([one.served], {
    champion: async () => champion,
    propose: async (modelId, artifact) => {
      champion = { modelId, sha256: sha256Hex(artifact) };
    },
  });
  await pass(1);
  await until('it is trained', async () => {
    await pass(1);
    return champion !== null && seen.released === 1;
  });
  await pass(2);
  expect([seen.locks, seen.released, seen.trained]).toEqual([1, 1, 1]);
  expect(one.asked).toEqual([champion!.modelId]);
  await end();
});

test('nobody trains too early, or without a partition, or while another does', async () => {
  const none = { champion: async () => null };
  const early = start([fakePartition(STREAM.training.windows - 1).served], none);
  const without = start([{ loop: null } as ServedPartition], none);
  const other = start([fakePartition(STREAM.training.windows).served], { ...none, holdTraining: async () => null });
  for (const { pass, end, seen } of [early, without, other]) {
    await pass(5);
    await end();
    expect([seen.trained, seen.locks, seen.proposed]).toEqual([0, 0, []]);
  }
});

test('rows that do not suffice put the training off for a minute, and give the lock back', async () => {
  const { seen, pass, end, told } = start([fakePartition(STREAM.training.windows).served], {
    champion: async () => null,
    rows: async function* () {
      seen.trained++;
      yield* [] as TrainingRow[];
    },
  });
  await until('it was put off', async () => {
    await pass(1);
    return told.said('the first training is put off') === 1 && seen.released === 1;
  });
  await pass(50);
  expect(seen.trained).toBe(1);
  await until('it is tried again', async () => {
    await pass(5);
    return seen.trained === 2;
  });
  await end();
});

test('a database that is away is told of, and looked for again', async () => {
  let calls = 0;
  const { pass, end, told } = start([fakePartition().served], {
    champion: async () => {
      calls++;
      throw new Error('away');
    },
  });
  await pass(5);
  expect(calls).toBe(5);
  expect(told.said('the champion could not be looked up')).toBe(5);
  await end();
});
