import { describe, expect, test } from 'vitest';
import { streamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { altered, drawEpisode, EPISODE_KINDS, type Episode } from '../../scenarios/search/episodes.ts';
import { type Candidate, choose, search } from '../../scenarios/search/search.ts';
import { makeRows } from '../detector/make.ts';

const config = streamConfig.parse({ name: 's', training: { minWindows: 64 } });

describe('an injected episode', () => {
  const SDS = Float64Array.of(2, 0, 5);
  const random = new Random(1);
  const episodes = Array.from({ length: 500 }, () => drawEpisode(random, 100, 160, SDS)!);

  test('lies within the rows, in a metric that varies, and every kind occurs', () => {
    for (const { at, length, column, size } of episodes) {
      expect(at >= 100 && length >= 1 && at + length <= 160).toBe(true);
      expect(SDS[column]).toBeGreaterThan(0);
      expect(Math.abs(size) / SDS[column]!).toBeGreaterThanOrEqual(0.5);
      expect(Math.abs(size) / SDS[column]!).toBeLessThanOrEqual(8);
    }
    expect(new Set(episodes.map(({ kind }) => kind))).toEqual(new Set(EPISODE_KINDS));
  });

  test('is nothing where nothing varies', () => {
    expect(drawEpisode(random, 0, 10, Float64Array.of(0))).toBeNull();
  });

  test('alters as its kind says', () => {
    const rows = (kind: Episode['kind']) =>
      [0, 1, 2, 3].map((i) => altered({ kind, at: 10, length: 4, column: 0, size: 8 }, i, 100 + i, 99));
    expect(rows('level shift')).toEqual([108, 109, 110, 111]);
    expect(rows('stuck')).toEqual([99, 99, 99, 99]);
    expect(rows('drift')).toEqual([102, 105, 108, 111]);
  });
});

describe('the choice', () => {
  const candidate = (recall: number, spread: number, configured = false): Candidate => ({
    params: { trees: 50, sampleSize: 256, maxDepth: 8, splitFeatures: 3 },
    configured,
    recalls: [recall],
    recall,
    spread,
  });

  test('keeps what is configured when the lead is within the spread, and says so', () => {
    const configured = candidate(0.6, 0.02, true);
    const { chosen, because } = choose([configured, candidate(0.63, 0.02)]);
    expect(chosen).toBe(configured);
    expect(because).toBe(
      'the best finds 3.0 points more of the episodes than the configured parameters, within the spread of 4.0 points over seeds: kept as configured',
    );
  });

  test('takes the best when its lead is larger than that', () => {
    const best = candidate(0.7, 0.03);
    expect(choose([candidate(0.6, 0.02, true), candidate(0.65, 0.01), best]).chosen).toBe(best);
  });

  test('keeps what is configured when nothing is better', () => {
    const configured = candidate(0.6, 0, true);
    expect(choose([configured, candidate(0.6, 0)])).toMatchObject({
      chosen: configured,
      because: expect.stringContaining('nothing drawn'),
    });
  });
});

describe('the search', () => {
  const rows = makeRows(['a', 'b', 'c'], 500, 3);

  test('gives the same result for the same rows and seed, with the configured parameters among its candidates', () => {
    const run = (seed: number) => orThrow(search(rows, config, { draws: 3, seed }));
    const one = run(1);
    expect(run(1)).toEqual(one);
    expect(one.candidates).toHaveLength(3);
    expect(one.candidates.filter(({ configured }) => configured)).toHaveLength(1);
    expect(one.episodes).toBeGreaterThan(10);
    expect(run(2).candidates.map(({ params }) => params)).not.toEqual(one.candidates.map(({ params }) => params));
  });

  test('leaves a forest that cannot tell anything behind', () => {
    const blind = streamConfig.parse({
      name: 's',
      training: { minWindows: 64 },
      detector: { trees: 2, sampleSize: 2, maxDepth: 1, splitFeatures: 1 },
    });
    const { chosen, candidates } = orThrow(search(rows, blind, { draws: 8, seed: 1 }));
    expect(chosen.configured).toBe(false);
    expect(chosen.recall).toBe(candidates[0]!.recall);
  });

  test('counts its forests on the way', () => {
    const seen: number[] = [];
    orThrow(search(rows, config, { draws: 2, seed: 1, onProgress: (done, of) => seen.push(done / of) }));
    expect(seen).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  });

  test('says when the oldest windows are too few, or nothing varies', () => {
    expect(search(makeRows(['a'], 80, 2), config, { draws: 2, seed: 1 })).toMatchObject({
      ok: false,
      fault: { code: 'too_little_data', detail: 'in the oldest 70 % of the windows: a: 56 windows, 64 needed' },
    });
    const flat = makeRows(['a'], 300, 2).map((row) => ({ ...row, values: Float64Array.of(1, 2) }));
    expect(search(flat, config, { draws: 2, seed: 1 })).toMatchObject({
      ok: false,
      fault: { code: 'too_little_data' },
    });
  });
});
