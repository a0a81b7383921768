import { expect, test } from 'vitest';
import { type QualityFigure, qualityInput } from '../../../monitor/training/quality-figure.ts';

const figure = (more: Partial<QualityFigure>): QualityFigure => ({
  basis: 'injected',
  positives: 150,
  quality: 0.98,
  robustZ: 0.5,
  random: 0.01,
  ...more,
});
const AT_PROMOTION = { basis: 'injected', quality: 0.98 } as const;

test('a fall that chance explains is none, a larger one is', () => {
  expect(qualityInput(figure({ quality: 0.95 }), AT_PROMOTION)!.relative).toBeGreaterThan(0.99);
  expect(qualityInput(figure({ quality: 0.8 }), AT_PROMOTION)!.relative).toBeLessThan(0.9);
  // of few anomalies less can be told
  expect(qualityInput(figure({ quality: 0.8, positives: 12 }), AT_PROMOTION)!.relative).toBeGreaterThan(0.95);
});

test('robust z is as good only when chance leaves no other reading', () => {
  const shareOf = (quality: number, robustZ: number, positives = 150) =>
    qualityInput(figure({ quality, robustZ, positives }), AT_PROMOTION)!.robustZShare;
  expect(shareOf(0.98, 0.98)).toBeGreaterThan(0.9);
  expect(shareOf(0.78, 0.72)).toBeLessThan(0.9);
  expect(shareOf(0.98, 0.98, 12)).toBeLessThan(0.9);
  expect(shareOf(0, 0)).toBeLessThan(1);
});

test('by labels figures are taken as they are', () => {
  const labelled = figure({ basis: 'labels', quality: 0.6, robustZ: 0.57, positives: 20 });
  expect(qualityInput(labelled, { basis: 'labels', quality: 0.8 })).toEqual({
    relative: expect.closeTo(0.75, 12),
    robustZShare: expect.closeTo(0.95, 12),
  });
});

test('against another basis, or a champion that found nothing, there is nothing to tell', () => {
  expect(qualityInput(figure({ basis: 'labels' }), AT_PROMOTION)).toBeNull();
  expect(qualityInput(figure({}), { basis: 'injected', quality: 0 })).toBeNull();
  expect(qualityInput(figure({}), null)).toBeNull();
});
