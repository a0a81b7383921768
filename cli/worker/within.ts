import type { Clock } from '../../core/clock.ts';

/** Waits for something to end, so long at most. False when it has not: it goes on, and nobody waits for it any more. */
export async function within(ms: number, clock: Clock, ends: Promise<unknown>): Promise<boolean> {
  const late = new AbortController();
  const ended = ends.then(() => true);
  const answer = await Promise.race([ended, clock.sleep(ms, late.signal).then(() => false)]);
  late.abort();
  return answer;
}
