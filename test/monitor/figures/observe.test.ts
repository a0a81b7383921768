import { expect, test } from 'vitest';
import { packInput, unpackInput } from '../../../monitor/figures/evidence.ts';
import { observe } from '../../../monitor/figures/observe.ts';
import { CONFIG, HOUR_MS, inputAt, SERVE_DAYS, served } from './fleet.ts';

const quiet = served();
const day = 24 * HOUR_MS;

test('of a healthy stream every figure is known that needs no labels, and none is beyond its limit for long', () => {
  const drift: number[] = [];
  for (let atMs = quiet.startMs + 2 * day; atMs <= quiet.endMs - HOUR_MS; atMs += 6 * HOUR_MS) {
    const { spans, quality, cause } = observe(inputAt(quiet, atMs));
    drift.push(spans.interval.drift!.value!);
    expect(quality!.score).toBeGreaterThan(29);
    expect(cause.kind).not.toMatch(/unit|schema|missing/);
  }
  expect(drift.filter((x) => x > 1).length).toBeLessThanOrEqual(2 * (SERVE_DAYS / 7));
});

test('the same bytes give the same observation', () => {
  const input = inputAt(quiet, quiet.startMs + 9 * day);
  const { manifest, blobs } = packInput(input);
  const again = unpackInput(JSON.parse(JSON.stringify(manifest)), (hash) => blobs.get(hash));
  if (!again.ok) throw new Error(again.fault.detail);
  expect(observe(again.value)).toEqual(observe(input));
});

test('an observation is plain JSON', () => {
  const seen = observe(inputAt(quiet, quiet.startMs + 9 * day));
  expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
});

test('before anything came nothing is known, and nothing is well', () => {
  const { spans, quality, cause } = observe(inputAt({ ...quiet, profiles: [] }, quiet.startMs));
  for (const figure of Object.values(spans.interval)) {
    if (figure!.limit === 2 * CONFIG.profile.intervalMs) continue;
    expect(figure).toMatchObject({ value: null, status: 'unknown' });
  }
  expect(quality).toBeNull();
  expect(cause.kind).toBe('unknown');
});

test('a shift of a feature is seen by that feature, and by the stream', () => {
  const fromMs = quiet.startMs + 4 * day;
  const bent = served((_e, metric, value, timeMs) =>
    metric === 'latency_ms' && timeMs >= fromMs ? value * 1.6 : value,
  );
  const seen = observe(inputAt(bent, fromMs + 12 * HOUR_MS));
  const latency = seen.features.find(({ feature }) => feature.startsWith('latency_ms'))!;
  expect(latency.status).toBe('drift');
  expect(seen.spans.interval.drift!.value).toBeGreaterThan(1);
  const before = observe(inputAt(bent, fromMs - HOUR_MS));
  expect(before.features.find(({ feature }) => feature === latency.feature)!.status).not.toBe('drift');
});

test('a metric that no longer comes lowers relevance or completeness, and is missing', () => {
  const fromMs = quiet.startMs + 4 * day;
  const bent = served((_e, metric, value, timeMs) => (metric === 'queue_depth' && timeMs >= fromMs ? null : value));
  const seen = observe(inputAt(bent, fromMs + 12 * HOUR_MS));
  expect(seen.quality!.dimensions.relevance).toBeLessThan(4);
  expect(seen.spans.interval.missing!.value).toBeGreaterThan(0.1);
  expect(seen.cause.kind).toBe('schema_change');
});

test('a unit change is called one', () => {
  const fromMs = quiet.startMs + 4 * day;
  const bent = served((_e, metric, value, timeMs) =>
    metric === 'latency_ms' && timeMs >= fromMs ? value / 1000 : value,
  );
  const seen = observe(inputAt(bent, fromMs + 12 * HOUR_MS));
  expect(seen.cause.kind).toBe('unit_change');
  expect(seen.spans.interval.producer_change!.value).toBe(1);
});
