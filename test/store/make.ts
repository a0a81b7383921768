import type { Incident, Verdict } from '../../core/types.ts';
import type { Counters, DeadLetter, Outputs } from '../../ingest/ports.ts';

export const noCounters: Counters = {
  applied: 0,
  late: 0,
  duplicate: 0,
  dead_lettered: 0,
  filtered: 0,
  conflicts: 0,
  events: 0,
};

export const FEATURES = ['cpu', 'load', 'disk', 'net', 'mem'].map((metric) => `${metric}__mean__10s`);

export function makeVerdict(change: Partial<Verdict> = {}): Verdict {
  return {
    stream: 'hosts',
    entity: 'web-1',
    windowStartMs: 1_700_000_000_000,
    windowMs: 10_000,
    schemaVersion: 1,
    source: 'forest',
    score: 0.1 + 0.2,
    pValue: 1 / 3,
    severity: 0.25,
    probation: false,
    modelId: 'model-1',
    calibrationVersion: 2,
    readings: {
      features: FEATURES,
      values: Float64Array.of(1, -0, Number.NaN, 5e-324, 1e300),
      low: Float64Array.of(0, Number.NEGATIVE_INFINITY, 0, 0, 0.1),
      high: Float64Array.of(2, Number.POSITIVE_INFINITY, 1, 1, 0.3),
    },
    attributions: [],
    ...change,
  };
}

export function makeIncident(change: Partial<Incident> = {}): Incident {
  return {
    id: 'incident-1',
    stream: 'hosts',
    entity: 'web-1',
    kind: 'anomaly',
    startMs: 1_700_000_000_000,
    lastMs: 1_700_000_010_000,
    resolvedMs: null,
    peakSeverity: 1.5,
    windows: 1,
    attributions: [{ metric: 'cpu', share: 1, value: 14.2, expectedLow: 0.3, expectedHigh: 1.1 }],
    summary: 'cpu 14.2, expected 0.3 to 1.1',
    ...change,
  };
}

export function makeDeadLetter(change: Partial<DeadLetter> = {}): DeadLetter {
  return {
    stream: 'hosts',
    partition: 0,
    offset: 9,
    point: 0,
    fault: { code: 'value_not_finite', detail: 'cpu is NaN' },
    appendMs: 1_700_000_000_000,
    key: null,
    value: Uint8Array.of(1),
    ...change,
  };
}

export const outputs = (some: Partial<Outputs>): Outputs => ({
  verdicts: [],
  incidents: [],
  deadLetters: [],
  profiles: [],
  ...some,
});
