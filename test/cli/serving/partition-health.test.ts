import { expect, test } from 'vitest';
import { PartitionHealth } from '../../../cli/serving/partition-health.ts';
import { keepServingStats, ServingMeter } from '../../../cli/serving/serving-meter.ts';
import { ManualClock } from '../../../core/clock.ts';
import { BREAKER_LIMITS } from '../../../detector/breaker.ts';
import { Tallies } from '../../../detector/tallies.ts';
import { noOutputs } from '../../../ingest/ports.ts';
import { MemoryServingStats } from '../../../monitor/memory/serving-stats.ts';
import { latencyQuantile } from '../../../monitor/serving-stats.ts';
import { makeVerdict } from '../../store/make.ts';
import { settle } from '../worker/hand.ts';

const HOUR_MS = 3_600_000;

function site() {
  const clock = new ManualClock();
  const meter = new ServingMeter({ stream: 's', partition: 3, grainMs: HOUR_MS });
  const tallies = new Tallies();
  // what was counted before the claim is none of its doing
  tallies.forestWindows = 1_000;
  tallies.forestFailed = 900;
  const health = new PartitionHealth(clock, meter);
  health.claimed({ epoch: 7, fold: { tallies } });
  return { clock, meter, tallies, health };
}

test('a forest that fails is objected to, is tried after a rest, and serves again when it does well', () => {
  const { clock, tallies, health } = site();
  const batch = (windows: number, failed: number) => {
    tallies.forestWindows += windows;
    tallies.forestFailed += failed;
    health.folded(10, 1_000, 5);
  };
  batch(99, 0);
  expect(health.objection(clock.elapsed())).toBeNull();
  batch(1, 2);
  expect(health.objection(clock.elapsed())).toBe('the forest failed on 2 of 100 windows');
  clock.advance(BREAKER_LIMITS.restMs);
  expect(health.objection(clock.elapsed())).toBeNull();
  batch(100, 0);
  expect([health.objection(clock.elapsed()), health.breaker.state]).toEqual([null, 'closed']);
});

test('records that close no window say nothing of the forest', () => {
  const { clock, tallies, health } = site();
  for (let i = 0; i < 100; i++) health.folded(1_000, 1 << 20, 10_000);
  tallies.forestWindows += 100;
  health.folded(1, 1, 1);
  expect(health.objection(clock.elapsed())).toBeNull();
});

test('windows, failures and latencies are written by grain, and again when more came or the write failed', async () => {
  const { clock, meter, tallies, health } = site();
  const store = new MemoryServingStats();
  let away = false;
  const puts: number[] = [];
  const put: MemoryServingStats['put'] = async (stats) => {
    puts.push(stats.length);
    if (away) throw new Error('away');
    await store.put(stats);
  };
  const stop = new AbortController();
  const trouble: unknown[] = [];
  const flushed = (atMs: number, latencyMs: number) =>
    health.flushed({ ...noOutputs(), verdicts: [makeVerdict({ windowStartMs: atMs })] }, latencyMs);
  flushed(10, 8);
  tallies.forestFailed++;
  flushed(HOUR_MS - 1, 100);
  const ended = keepServingStats(
    () => [meter],
    { put },
    clock,
    (cause) => trouble.push(cause),
    stop.signal,
  );
  await settle();
  flushed(HOUR_MS, Number.NaN);
  away = true;
  clock.advance(5_000);
  await settle();
  away = false;
  stop.abort();
  await ended;
  const first = (await store.read('s', 0, HOUR_MS))!;
  expect([first.windows, first.errors, latencyQuantile(first.latency, 0.5)]).toEqual([2, 1, 8]);
  const second = (await store.read('s', HOUR_MS, 2 * HOUR_MS))!;
  expect([second.windows, latencyQuantile(second.latency, 0.99)]).toEqual([1, null]);
  expect([trouble.length, puts]).toEqual([1, [1, 1, 1]]);
});
