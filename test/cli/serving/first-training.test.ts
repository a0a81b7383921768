import { expect, test } from 'vitest';
import { FirstTraining, type FirstTrainingOptions } from '../../../cli/serving/first-training.ts';
import type { TendedLoop } from '../../../cli/serving/tended.ts';
import { ManualClock } from '../../../core/clock.ts';
import { sha256Hex } from '../../../core/hash.ts';
import { modelIdOf } from '../../../detector/offline.ts';
import type { TrainingRow } from '../../../detector/ports.ts';
import { makeRows } from '../../detector/make.ts';
import { listener, STREAM } from '../worker/hand.ts';

const loopWith = (longestHistory: number) => ({ fold: { longestHistory } }) as unknown as TendedLoop;
const enough = loopWith(STREAM.training.windows);

function site(more: Partial<FirstTrainingOptions> = {}) {
  const clock = new ManualClock();
  const told = listener();
  const lost = new AbortController();
  const seen = { locks: 0, released: 0, proposed: [] as [string, string][], read: 0 };
  const training = new FirstTraining({
    stream: STREAM,
    clock,
    logger: told.logger,
    holdTraining: async () => {
      seen.locks++;
      const release = async () => {
        seen.released++;
      };
      return { lost: lost.signal, release };
    },
    rows: async function* (): AsyncGenerator<TrainingRow> {
      seen.read++;
      yield* makeRows(['a', 'b'], 80, 2);
    },
    propose: async (modelId, artifact) => {
      seen.proposed.push([modelId, sha256Hex(artifact)]);
      expect(modelId).toBe(modelIdOf(artifact));
    },
    ...more,
  });
  return { training, clock, told, lost, seen };
}

test('one with enough history trains the first under the lock and proposes it', async () => {
  const { training, seen } = site();
  await training.whenDue([enough]);
  expect([seen.locks, seen.released, seen.read, seen.proposed.length]).toEqual([1, 1, 1, 1]);
});

test('nobody trains too early, or while another does', async () => {
  const early = site();
  await early.training.whenDue([loopWith(STREAM.training.windows - 1)]);
  const other = site({ holdTraining: async () => null });
  await other.training.whenDue([enough]);
  for (const { seen } of [early, other]) expect([seen.read, seen.locks, seen.proposed]).toEqual([0, 0, []]);
});

test('whoever has lost the right to train proposes nothing', async () => {
  const { training, seen, lost, told } = site();
  lost.abort();
  await training.whenDue([enough]);
  expect([seen.read, seen.proposed, seen.released]).toEqual([1, [], 1]);
  expect(told.said('the first training is put off')).toBe(1);
});

test('rows that do not suffice put the training off for a minute, and give the lock back', async () => {
  const { training, seen, clock, told } = site({
    rows: async function* () {
      seen.read++;
      yield* [] as TrainingRow[];
    },
  });
  await training.whenDue([enough]);
  clock.advance(59_000);
  await training.whenDue([enough]);
  expect([seen.read, seen.released, told.said('the first training is put off')]).toEqual([1, 1, 1]);
  clock.advance(1_000);
  await training.whenDue([enough]);
  expect(seen.read).toBe(2);
});
