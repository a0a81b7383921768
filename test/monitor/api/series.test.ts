import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toSeries } from '../../../monitor/api/series.ts';
import { preview, wireAttribution } from '../../../monitor/api/wire.ts';
import type { StoredVerdict } from '../../../monitor/ports.ts';

const WINDOW_MS = 10_000;

function verdict(index: number, severity: number, value = severity): StoredVerdict {
  return {
    id: `v${index}`,
    stream: 's',
    entity: 'e',
    windowStartMs: index * WINDOW_MS,
    windowMs: WINDOW_MS,
    schemaVersion: 1,
    source: 'forest',
    score: 0.5,
    pValue: 0.5,
    severity,
    probation: false,
    modelId: 'm',
    calibrationVersion: 1,
    readings: {
      features: ['latency_ms__mean__10s'],
      values: Float64Array.of(value),
      low: Float64Array.of(0),
      high: Float64Array.of(1),
    },
    attributions: [],
  };
}

describe('series for charts', () => {
  test('have at most about the points asked for, and never lose the most severe window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 100 }),
        (severities, points) => {
          const verdicts = severities.map((s, i) => verdict(i, s));
          const series = toSeries(verdicts, { fromMs: 0, toMs: severities.length * WINDOW_MS }, points);
          expect(series.times.length).toBeLessThanOrEqual(points + 1);
          const peak = Math.max(...severities);
          expect(Math.max(...series.severity.map((s) => s ?? 0))).toBeCloseTo(peak, 4);
          expect(series.peak?.severity).toBeCloseTo(peak, 4);
          expect(series.series[0]!.value).toHaveLength(series.times.length);
          expect(series.times).toEqual([...series.times].sort((a, b) => a - b));
          // Every point is one real window: its value belongs to its severity.
          expect(series.series[0]!.value).toEqual(series.severity);
        },
      ),
    );
  });

  test('show what is missing as null and split the name of a feature', () => {
    const series = toSeries([verdict(0, 0.5, Number.NaN)], { fromMs: 0, toMs: WINDOW_MS }, 10);
    expect(series.series[0]).toMatchObject({ metric: 'latency_ms', aggregation: 'mean', value: [null] });
    expect(toSeries([], { fromMs: 0, toMs: 1 }, 10)).toMatchObject({ times: [], latest: null, peak: null });
  });

  test('numbers without a value or a bound are null on the wire', () => {
    const infinite = { expectedLow: Number.NEGATIVE_INFINITY, expectedHigh: Number.POSITIVE_INFINITY };
    expect(wireAttribution({ metric: 'm', share: 1, value: Number.NaN, ...infinite })).toEqual({
      metric: 'm',
      share: 1,
      value: null,
      expectedLow: null,
      expectedHigh: null,
      text: 'm missing',
    });
  });

  test('the preview of a record is text of bounded length, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const text = preview(bytes);
        expect(text.length).toBeLessThanOrEqual(514);
        expect(text).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});
