import { expect, test } from 'vitest';
import { type Clock, ManualClock } from '../../../core/clock.ts';
import { TidewatchError } from '../../../core/errors.ts';
import { carryOut, MAX_ATTEMPTS } from '../../../monitor/controller/effects.ts';
import type { Effect, EffectResult } from '../../../monitor/types.ts';

const effect: Effect = { id: 'e', decision: 'shop-1', kind: 'train', seed: 1, quarantine: [], toMs: 0 };
const done: EffectResult = { kind: 'served' };

/** Time passes while somebody sleeps, and is written down. */
class SleepingClock extends ManualClock implements Clock {
  readonly slept: number[] = [];
  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(ms);
    const sleep = super.sleep(ms, signal);
    this.advance(ms);
    return sleep;
  }
}

function runs(answers: (() => EffectResult)[]) {
  const clock = new SleepingClock();
  const stop = new AbortController();
  const troubles: unknown[] = [];
  let attempts = 0;
  const runner = { run: async () => answers[Math.min(attempts++, answers.length - 1)]!() };
  const result = carryOut(effect, runner, clock, stop.signal, (cause) => troubles.push(cause));
  return { result, clock, stop, troubles, attempts: () => attempts };
}
const throws = (error: Error) => (): EffectResult => {
  throw error;
};

test('what the surroundings did wrong is tried again, later each time', async () => {
  const run = runs([throws(new Error('reset')), throws(new Error('reset')), () => done]);
  expect(await run.result).toEqual(done);
  expect(run.attempts()).toBe(3);
  expect(run.clock.slept[1]!).toBeGreaterThan(run.clock.slept[0]!);
});

test('at last it has failed, with the code of the error', async () => {
  const run = runs([throws(new TidewatchError('database_unavailable', 'gone'))]);
  expect(await run.result).toEqual({ kind: 'failed', code: 'database_unavailable', detail: 'gone' });
  expect(run.attempts()).toBe(MAX_ATTEMPTS);
  expect(run.troubles).toHaveLength(MAX_ATTEMPTS);
  expect(await runs([throws(new Error('odd'))]).result).toEqual({ kind: 'failed', code: 'internal', detail: 'odd' });
});

test('data that are wrong are as wrong the next time: thrown, they are an answer too', async () => {
  const run = runs([throws(new TidewatchError('artifact_corrupt', 'model x')), () => done]);
  expect(await run.result).toEqual({ kind: 'failed', code: 'artifact_corrupt', detail: 'model x' });
  expect([run.attempts(), run.clock.slept, run.troubles.length]).toEqual([1, [], 1]);
});

test('an answer that it failed is an answer: nothing is tried again', async () => {
  const failed: EffectResult = { kind: 'failed', code: 'sample_empty', detail: 'no windows' };
  const run = runs([() => failed]);
  expect(await run.result).toEqual(failed);
  expect(run.attempts()).toBe(1);
});

test('what comes back after the end is answered by nobody', async () => {
  const stop = new AbortController();
  const runner = {
    run: async () => {
      stop.abort();
      return done;
    },
  };
  expect(await carryOut(effect, runner, new ManualClock(), stop.signal, () => undefined)).toBeNull();
});
