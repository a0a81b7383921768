import { expect, test } from 'vitest';
import type { ServedPartition } from '../../../cli/worker/served-partition.ts';
import { STALLED_AFTER_MS, watchForStalls } from '../../../cli/worker/stalls.ts';
import { ManualClock } from '../../../core/clock.ts';
import type { TidewatchError } from '../../../core/errors.ts';
import { settle } from './hand.ts';

function watched(partition: { moves: number; waiting: boolean }) {
  const clock = new ManualClock();
  const failures: TidewatchError[] = [];
  const served = { ...partition, stream: { name: 's' }, partition: 3 };
  const stop = new AbortController();
  const ended = watchForStalls(
    { clock, served: () => [served as unknown as ServedPartition], fail: (cause) => failures.push(cause) },
    stop.signal,
  );
  const pass = async (ms: number) => {
    for (let done = 0; done < ms; done += 1_000) {
      clock.advance(1_000);
      await settle();
    }
  };
  return { served, failures, pass, stop, ended };
}

test('a partition with records in memory that does not move for a minute ends the worker', async () => {
  const { failures, pass, stop, ended } = watched({ moves: 5, waiting: true });
  await pass(STALLED_AFTER_MS);
  expect(failures).toEqual([]);
  await pass(10_000);
  expect(failures[0]).toMatchObject({ code: 'stalled', detail: 's partition 3' });
  stop.abort();
  await ended;
});

test('one that moves, be it seldom, and one without records do not', async () => {
  const idle = watched({ moves: 5, waiting: false });
  await idle.pass(3 * STALLED_AFTER_MS);
  expect(idle.failures).toEqual([]);
  const slow = watched({ moves: 5, waiting: true });
  for (let i = 0; i < 4; i++) {
    await slow.pass(50_000);
    slow.served.moves++;
  }
  expect(slow.failures).toEqual([]);
});
