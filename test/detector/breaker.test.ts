import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BREAKER_LIMITS, Breaker } from '../../detector/breaker.ts';

const good = { windows: 100, failed: 0, foldMs: 10 };
const failing = { windows: 100, failed: 2, foldMs: 10 };
const slow = { windows: 100, failed: 0, foldMs: 100 * 51 };

test('it stays closed while the forest is well, and one failure in a hundred windows is borne', () => {
  const breaker = new Breaker();
  for (let i = 0; i < 50; i++) breaker.batch({ ...good, failed: 1 }, i);
  expect(breaker.state).toBe('closed');
});

test.each([
  ['fails', failing, 'the forest failed on 2 of 100 windows'],
  ['is too slow', slow, 'a window took 51.0 ms, 50 are allowed'],
])('it opens when the forest %s, and says why', (_how, batch, reason) => {
  const breaker = new Breaker();
  breaker.batch(batch, 0);
  expect([breaker.state, breaker.reason]).toEqual(['open', reason]);
});

test('too few windows say nothing, whatever became of them', () => {
  const breaker = new Breaker();
  breaker.batch({ windows: 99, failed: 99, foldMs: 1e6 }, 0);
  expect(breaker.state).toBe('closed');
});

test('after its rest the forest is tried, and serves again when the trial goes well', () => {
  const breaker = new Breaker();
  breaker.batch(failing, 1_000);
  breaker.tick(1_000 + BREAKER_LIMITS.restMs - 1);
  expect(breaker.state).toBe('open');
  breaker.tick(1_000 + BREAKER_LIMITS.restMs);
  expect(breaker.state).toBe('trial');
  breaker.batch(good, 60_000);
  expect(breaker.state).toBe('closed');
});

test('each trial that fails doubles the rest, up to ten minutes, and a good one starts anew', () => {
  const breaker = new Breaker();
  let nowMs = 0;
  const rests: number[] = [];
  breaker.batch(failing, nowMs);
  for (let i = 0; i < 7; i++) {
    const openedMs = nowMs;
    while (breaker.state === 'open') {
      nowMs += 1_000;
      breaker.tick(nowMs);
    }
    rests.push(nowMs - openedMs);
    breaker.batch(failing, nowMs);
  }
  expect(rests).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
});

test('it never serves a forest that fails on every window for longer than one look', () => {
  const batches = fc.array(fc.record({ windows: fc.nat(500), passMs: fc.nat(100_000) }), { maxLength: 200 });
  fc.assert(
    fc.property(batches, (all) => {
      const breaker = new Breaker();
      let served = 0;
      let nowMs = 0;
      for (const { windows, passMs } of all) {
        nowMs += passMs;
        breaker.tick(nowMs);
        served = breaker.state === 'open' ? 0 : served + windows;
        breaker.batch({ windows, failed: windows, foldMs: 1 }, nowMs);
        if (breaker.state === 'open') served = 0;
        expect(served).toBeLessThan(BREAKER_LIMITS.windows);
      }
    }),
  );
});
