import { expect, it, onTestFinished } from 'vitest';
import { openPool } from '../../store/pool.ts';
import { holdTraining } from '../../store/training-lock.ts';
import { testDatabase } from '../postgres.ts';

const { pool, url } = await testDatabase();

function another() {
  const other = openPool(url);
  onTestFinished(() => other.end());
  return other;
}

it('lets one worker train a stream, and the next one when it has ended', async () => {
  const other = another();
  const mine = await holdTraining(pool, 'hosts');
  expect(await holdTraining(other, 'hosts')).toBeNull();
  expect(await holdTraining(pool, 'hosts')).toBeNull();
  const elsewhere = await holdTraining(other, 'services');
  expect(elsewhere).not.toBeNull();
  await elsewhere!.release();
  await mine!.release();
  await mine!.release();
  const next = await holdTraining(other, 'hosts');
  expect(next?.lost.aborted).toBe(false);
  await next!.release();
});

it('frees the right of a worker that died, and tells one that only lost its connection', async () => {
  const mine = await holdTraining(pool, 'hosts');
  await another().query(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
  );
  const next = await holdTraining(another(), 'hosts');
  expect(next).not.toBeNull();
  await new Promise<void>((resolve) => {
    if (mine!.lost.aborted) return resolve();
    mine!.lost.addEventListener('abort', () => resolve());
  });
  await mine!.release();
  await next!.release();
});
