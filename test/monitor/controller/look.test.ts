import { expect, test } from 'vitest';
import { look, MAX_CATCH_UP, newestWhole, SILENT_GRAINS } from '../../../monitor/controller/look.ts';
import { firstState } from '../../../monitor/decide/step.ts';
import type { Input } from '../../../monitor/types.ts';
import { HOUR_MS, observation, START_MS } from '../decide/make.ts';

const MINUTE_MS = 60_000;
const at = (hours: number) => START_MS + hours * HOUR_MS;

test('a grain is whole when the slowest partition has left it behind by a window', () => {
  const marks = new Map([
    [0, at(5) + MINUTE_MS],
    [1, at(4) + 30 * MINUTE_MS],
  ]);
  expect(newestWhole(marks, HOUR_MS, MINUTE_MS)).toMatchObject({ atMs: at(4), newestMs: at(5) + MINUTE_MS });
  // its last window may still be open
  expect(newestWhole(new Map([[0, at(5)]]), HOUR_MS, MINUTE_MS).atMs).toBe(at(4));
});

test('a partition that has been silent for long is left out, and said; one that is a little late is waited for', () => {
  const late = new Map([
    [0, at(10)],
    [1, at(10 - SILENT_GRAINS)],
    [2, at(9 - SILENT_GRAINS)],
  ]);
  expect(newestWhole(late, HOUR_MS, 0)).toEqual({ atMs: at(10 - SILENT_GRAINS), newestMs: at(10), silent: [2] });
});

test('without a watermark there is nothing to look at', async () => {
  expect(newestWhole(new Map(), HOUR_MS, 0).atMs).toBeNull();
  const { taken, looks } = looker(new Map());
  expect(await looks()).toBe(0);
  expect(taken).toEqual([]);
});

function looker(marks: Map<number, number>) {
  const taken: Input[] = [];
  const passedOver: [number, number][] = [];
  const silent: number[] = [];
  const state = firstState('shop');
  const looks = () =>
    look({
      stream: 'shop',
      grainMs: HOUR_MS,
      windowMs: MINUTE_MS,
      store: { watermarks: async () => marks, state: async () => state },
      controller: {
        take: async (_stream, input) => {
          taken.push(input);
          if (input.kind !== 'observation') return [];
          const { atMs, intervalMs, modelId, alertRate, cause } = input.observation;
          state.seen = {
            atMs,
            intervalMs,
            modelId,
            alertRate,
            cause: cause.kind,
            trainable: true,
            latencyP99Ms: null,
          };
          return [];
        },
      },
      observe: async (atMs) => ({ observation: { ...observation(0), atMs }, observed: null }),
      onSilent: (partitions) => silent.push(...partitions),
      onPassedOver: (fromMs, toMs) => passedOver.push([fromMs, toMs]),
    });
  const times = () => taken.map((input) => (input.kind === 'observation' ? input.observation.atMs : Number.NaN));
  return { taken, passedOver, silent, looks, times, state };
}

test('each grain is looked at once and in order, whatever the pace of the looks', async () => {
  const marks = new Map([[0, at(1) + MINUTE_MS]]);
  const { looks, times, taken } = looker(marks);
  expect(await looks()).toBe(1);
  expect(await looks()).toBe(0);
  marks.set(0, at(4) + 2 * MINUTE_MS);
  expect(await looks()).toBe(3);
  expect(times()).toEqual([at(1), at(2), at(3), at(4)]);
  expect(new Set(taken.map(({ key }) => key)).size).toBe(4);
});

test('after a long absence what cannot be looked at any more is passed over, and said', async () => {
  const marks = new Map([[0, at(1) + MINUTE_MS]]);
  const { looks, times, passedOver } = looker(marks);
  await looks();
  const newest = MAX_CATCH_UP + 50;
  marks.set(0, at(newest) + MINUTE_MS);
  expect(await looks()).toBe(MAX_CATCH_UP);
  expect(times().at(-1)).toBe(at(newest));
  expect(passedOver).toEqual([[at(1), at(newest - MAX_CATCH_UP)]]);
});

test('a partition left out is told', async () => {
  const { looks, silent } = looker(
    new Map([
      [0, at(20)],
      [7, at(2)],
    ]),
  );
  await looks();
  expect(silent).toEqual([7]);
});
