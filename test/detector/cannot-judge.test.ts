import { describe, expect, test, vi } from 'vitest';
import { orThrow } from '../../core/errors.ts';
import { Fold } from '../../detector/fold.ts';
import { decodeCounts } from '../../detector/interval-codec.ts';
import { decoder, newOutputs } from './make.ts';
import { A, at, config, control, log, logOf, model, run } from './two-models.ts';

describe('what the forest should not or cannot judge', () => {
  test('a window with more features missing than in training is judged by the fallback', () => {
    const { out, fold } = run(
      logOf(60, (w) => w >= 40 && w < 45),
      new Map([[0, [model(A)]]]),
    );
    const judged = out.verdicts.filter((v) => v.entity === 'a');
    const sources = (first: number, last: number) =>
      new Set(
        judged.filter((v) => v.windowStartMs / 10_000 >= first && v.windowStartMs / 10_000 < last).map((v) => v.source),
      );
    expect(sources(0, 40)).toEqual(new Set(['forest']));
    expect(sources(40, 45)).toEqual(new Set(['fallback']));
    expect(sources(45, 59)).toEqual(new Set(['forest']));
    expect(fold.tallies.gaps).toBe(15);
    const gaps = out.profiles.map(({ bytes }) => orThrow(decodeCounts(bytes, null)).gaps);
    expect(gaps.reduce((sum, n) => sum + n, 0)).toBe(15);
  });

  test('a window at which the forest throws is judged by the fallback, and counted', () => {
    const fold = new Fold(config, decoder);
    control(fold, model(A), 0, newOutputs());
    run(log.slice(0, at(20)), new Map(), fold);
    const thrown = vi.spyOn(fold.state.model!.forest, 'score').mockImplementation(() => {
      throw new Error('broken');
    });
    const { out } = run(log.slice(at(20), at(30)), new Map(), fold);
    thrown.mockRestore();
    expect(new Set(out.verdicts.map((v) => v.source))).toEqual(new Set(['fallback']));
    expect(fold.tallies.forestFailed).toBe(out.verdicts.filter((v) => v.entity !== 'newcomer').length);
    const later = run(log.slice(at(30)), new Map(), fold).out.verdicts;
    expect(new Set(later.filter((v) => v.entity === 'a').map((v) => v.source))).toEqual(new Set(['forest']));
  });
});
