import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { streamConfig } from '../../core/config/stream.ts';
import type { Sample } from '../../core/types.ts';
import { COUNT, MEAN, STATS } from '../../ingest/pane.ts';
import { Windows } from '../../ingest/windows.ts';

const config = (window: object = {}, more: object = {}) =>
  streamConfig.parse({ name: 's', window: { size: '10s', allowedLateness: '0s', ...window }, ...more });
const sample = (entity: string, seconds: number, x: number, metric = 'm'): Sample => ({
  entity,
  timeMs: seconds * 1000,
  names: [metric],
  values: [x],
});

function closed(windows: Windows, watermarkSeconds: number): string[] {
  const seen: string[] = [];
  windows.advance(watermarkSeconds * 1000, (entity, startMs, endMs, stats) => {
    seen.push(`${entity.entity} ${startMs / 1000}-${endMs / 1000} n=${stats[COUNT]} mean=${stats[MEAN]}`);
  });
  return seen;
}

describe('tumbling windows', () => {
  test('close when the watermark reaches their end, not before', () => {
    const windows = new Windows(config());
    windows.add(sample('a', 1, 2));
    windows.add(sample('a', 9, 4));
    expect(closed(windows, 9.999)).toEqual([]);
    expect(closed(windows, 10)).toEqual(['a 0-10 n=2 mean=3']);
  });

  test('that end together close in the order of their entities, whichever came first', () => {
    const windows = new Windows(config());
    for (const entity of ['c', 'a', 'b']) windows.add(sample(entity, 5, 1));
    expect(closed(windows, 30).map((line) => line[0])).toEqual(['a', 'b', 'c']);
  });

  test('a point of a closed window is late and leaves no trace', () => {
    const windows = new Windows(config());
    windows.add(sample('a', 5, 1));
    closed(windows, 10);
    expect(windows.add(sample('a', 6, 9)).late).toBe(1);
    expect(windows.add(sample('never-seen', 6, 9)).late).toBe(1);
    expect(windows.entities.has('never-seen')).toBe(false);
    expect(closed(windows, 40)).toEqual([]);
  });

  test('the first value of a point wins: repeats are duplicates, and conflicts when they differ', () => {
    const windows = new Windows(config());
    windows.add(sample('a', 5, 1));
    expect(windows.add(sample('a', 5, 1))).toMatchObject({ applied: 0, duplicate: 1, conflicts: 0 });
    expect(windows.add(sample('a', 5, 2))).toMatchObject({ applied: 0, duplicate: 1, conflicts: 1 });
    expect(closed(windows, 10)).toEqual(['a 0-10 n=1 mean=1']);
  });

  test('a metric named twice in one sample counts once', () => {
    const windows = new Windows(config());
    const outcome = windows.add({ entity: 'a', timeMs: 0, names: ['m', 'm'], values: [1, 2] });
    expect(outcome).toMatchObject({ applied: 1, duplicate: 1, conflicts: 1 });
  });

  test('metrics left out by the configuration are filtered', () => {
    const windows = new Windows(config({}, { metrics: { include: ['cpu*'], exclude: ['*_steal'] } }));
    const outcome = windows.add({
      entity: 'a',
      timeMs: 0,
      names: ['cpu_user', 'cpu_steal', 'disk'],
      values: [1, 2, 3],
    });
    expect(outcome).toMatchObject({ applied: 1, filtered: 2 });
  });
});

describe('sliding windows', () => {
  const sliding = () => new Windows(config({ hop: '5s' }));

  test('each holds the points of its own span', () => {
    const windows = sliding();
    windows.add(sample('a', 2, 1));
    windows.add(sample('a', 7, 3));
    expect(closed(windows, 30)).toEqual(['a -5-5 n=1 mean=1', 'a 0-10 n=2 mean=2', 'a 5-15 n=1 mean=3']);
  });

  test('a point is late only when all its windows have closed', () => {
    const windows = sliding();
    windows.add(sample('a', 2, 1));
    closed(windows, 5);
    expect(windows.add(sample('a', 3, 5))).toMatchObject({ applied: 1, late: 0 });
    expect(closed(windows, 10)).toEqual(['a 0-10 n=2 mean=3']);
    expect(windows.add(sample('a', 4, 5))).toMatchObject({ applied: 0, late: 1 });
  });

  test('a first point that comes late still reaches the window that is open', () => {
    const windows = sliding();
    windows.add(sample('b', 1, 1));
    closed(windows, 6);
    windows.add(sample('a', 2, 7));
    expect(closed(windows, 11)).toEqual(['a 0-10 n=1 mean=7', 'b 0-10 n=1 mean=1']);
  });
});

describe('limits', () => {
  test('entities beyond the limit are refused by name, those before are served', () => {
    const windows = new Windows(config({}, { limits: { entities: 1 } }));
    windows.add(sample('a', 1, 1));
    expect(windows.add(sample('b', 1, 1)).refused).toEqual([{ point: 0, code: 'entity_limit' }]);
    expect(windows.add(sample('a', 2, 1)).applied).toBe(1);
  });

  test('metrics beyond the limit are refused, the others of the sample are applied', () => {
    const windows = new Windows(config({}, { limits: { metricsPerEntity: 1 } }));
    const outcome = windows.add({ entity: 'a', timeMs: 0, names: ['m', 'n'], values: [1, 2] });
    expect(outcome).toMatchObject({ applied: 1, refused: [{ point: 1, code: 'metric_limit' }] });
  });

  test('points beyond the limit of a window are refused, repeats of held ones are still duplicates', () => {
    const windows = new Windows(config({}, { limits: { pointsPerWindow: 2 } }));
    windows.add(sample('a', 1, 1));
    windows.add(sample('a', 2, 2));
    expect(windows.add(sample('a', 3, 3)).refused).toEqual([{ point: 0, code: 'window_full' }]);
    expect(windows.add(sample('a', 0.5, 3)).refused).toEqual([{ point: 0, code: 'window_full' }]);
    expect(windows.add(sample('a', 2, 2)).duplicate).toBe(1);
    expect(closed(windows, 10)).toEqual(['a 0-10 n=2 mean=1.5']);
  });
});

test('saved and loaded in mid-window, the rest goes on as if nothing had happened', () => {
  const whole = new Windows(config({ hop: '5s' }));
  let parts = new Windows(config({ hop: '5s' }));
  const lines: [string[], string[]] = [[], []];
  for (let t = 0; t < 60; t++) {
    for (const windows of [whole, parts]) {
      windows.add(sample(t % 3 === 0 ? 'b' : 'a', t + (t % 7) / 10, t * 1.1, t % 5 === 0 ? 'n' : 'm'));
    }
    lines[0].push(...closed(whole, t - 2));
    lines[1].push(...closed(parts, t - 2));
    const writer = new ByteWriter();
    parts.save(writer);
    parts = new Windows(config({ hop: '5s' }));
    parts.load(new ByteReader(writer.finish()));
  }
  expect(lines[1]).toEqual(lines[0]);
  expect(lines[0].length).toBeGreaterThan(10);
  expect(STATS).toBe(12);
});
