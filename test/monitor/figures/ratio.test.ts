import { describe, expect, test } from 'vitest';
import { policyConfig } from '../../../core/config/policy.ts';
import { emptyCounts } from '../../../detector/interval-codec.ts';
import { PVALUE_BINS } from '../../../detector/interval-counts.ts';
import { calibrationFigures } from '../../../monitor/figures/calibration.ts';
import { REFERENCE } from '../../detector/make-counts.ts';

const WINDOWS = 6400;
const RATE = 0.005;
/** Shares of the windows by their p-value: even, most of them tiny, or a tenth of them tiny. */
const even = () => 1 / PVALUE_BINS;
const collapsed = (bin: number) => (bin === 0 ? 0.95 : 0.05 / (PVALUE_BINS - 1));
const incidents = (bin: number) => (bin === 0 ? 0.15 : 0.85 / (PVALUE_BINS - 1));
const shrunk = (bin: number) => (bin < 5 ? 0.1 : 0.5 / (PVALUE_BINS - 5));

/** The ratio of an interval whose alerts are spread over all of the entities. */
function ratioOf(shareOf: (bin: number) => number, alerts: number) {
  const counts = emptyCounts(0, 3_600_000, 'm', REFERENCE);
  const lane = counts.champion!;
  lane.windows = counts.windows = WINDOWS;
  lane.alerts = alerts;
  for (let bin = 0; bin < PVALUE_BINS; bin++) lane.pValue.counts[1 + bin] = WINDOWS * shareOf(bin);
  counts.mix.fill(WINDOWS / counts.mix.length);
  counts.alertMix.fill(alerts / counts.alertMix.length);
  const policy = policyConfig.parse({ limits: 'textbook', alertRatioBand: [0.2, 5] });
  return calibrationFigures(counts, RATE, null, policy).alert_rate_ratio!;
}

describe('the alert-rate ratio', () => {
  test('is out of its band when alerts come too often and small p-values do too', () => {
    expect(ratioOf(shrunk, 640)).toMatchObject({ value: 20, status: 'drift' });
  });

  test('is out when nearly all p-values are so small that none is left between', () => {
    expect(ratioOf(collapsed, 640).status).toBe('drift');
  });

  test('stays within it when alerts come often and the bulk of p-values is even: those are anomalies', () => {
    expect(ratioOf(incidents, 640)).toMatchObject({ value: 20, status: 'ok' });
    expect(ratioOf(even, 32)).toMatchObject({ value: 1, status: 'ok' });
  });

  test('is out when alerts have all but ceased', () => {
    expect(ratioOf(even, 0).status).toBe('drift');
  });
});
