import { describe, expect, test } from 'vitest';
import { DIMENSIONS, type Dimension } from '../../../core/stats/quality.ts';
import type { IntervalProfile, Sample } from '../../../core/types.ts';
import { OfflineRun } from '../../../detector/offline.ts';
import { gather, gatherRange } from '../../../monitor/figures/gather.ts';
import { observe } from '../../../monitor/figures/observe.ts';
import { Fleet } from '../../../scenarios/fleet/fleet.ts';
import { CONFIG, HOUR_MS, STEP_MS, trained } from './fleet.ts';

/** What a producer sends of one step: samples, and points that nobody can use. */
interface Sent {
  samples: Sample[];
  broken: number;
}
type Fault = (sent: Sent, step: number) => Sent;

/** The quality of an interval of the demo fleet, after one without the fault. */
function qualityWith(fault: Fault) {
  const { artifact, model, endMs } = trained();
  const hours = CONFIG.profile.intervalMs / HOUR_MS + 2;
  const fleet = new Fleet({ seed: 9, startMs: endMs, stepMs: STEP_MS });
  const profiles: IntervalProfile[] = [];
  const bendFrom = ((hours - 1) * HOUR_MS - CONFIG.profile.intervalMs) / STEP_MS;
  let step = 0;
  const run = new OfflineRun({
    config: CONFIG,
    decoder: (_value, _appendMs, sink) => {
      const samples: Sample[] = [];
      fleet.step({
        event: () => undefined,
        sample: ({ entity, timeMs, names, values }) =>
          samples.push({ entity, timeMs, names: [...names], values: [...values] }),
      });
      const sent = step >= bendFrom ? fault({ samples, broken: 0 }, step) : { samples, broken: 0 };
      step++;
      for (const sample of sent.samples) sink.sample(sample);
      for (let i = 0; i < sent.broken; i++) sink.fault({ code: 'value_not_finite', detail: 'NaN' }, {});
    },
    selfTrain: false,
    onOutputs: (outputs) => profiles.push(...outputs.profiles),
  });
  run.serve(artifact, 0);
  for (let offset = 0; offset < (hours * HOUR_MS) / STEP_MS; offset++)
    run.record({ offset, appendMs: endMs + offset * STEP_MS, key: null, value: new Uint8Array(0) });
  const atMs = endMs + (hours - 1) * HOUR_MS;
  const { fromMs, toMs } = gatherRange(CONFIG, atMs);
  const { quality } = observe(
    gather({
      ...{ stream: CONFIG, policy: CONFIG.policy, atMs, newestMs: atMs, labels: [] },
      ...{ latencyP99Ms: null, quality: null, trainedMs: null },
      profiles: profiles.filter((p) => p.startMs >= fromMs && p.startMs < toMs),
      referenceOf: () => model.reference,
    }),
  );
  return quality!;
}

/** The sample without some of its points. */
const keeping = (sample: Sample, keep: (name: string, at: number) => boolean): Sample => {
  const at = sample.names.map((_, i) => i).filter((i) => keep(sample.names[i]!, i));
  return { ...sample, names: at.map((i) => sample.names[i]!), values: at.map((i) => sample.values[i]!) };
};

const FAULTS: Record<string, [lowered: Dimension, fault: Fault]> = {
  // two steps make a window: a value is missing when neither came
  'values that do not come': [
    'completeness',
    ({ samples }, step) => ({
      samples: samples.map((s, e) => keeping(s, (_, i) => (Math.floor(step / 2) + 3 * e + i) % 8 !== 0)),
      broken: 0,
    }),
  ],
  'points that nobody can use': ['accuracy', ({ samples }) => ({ samples, broken: samples.length })],
  'values told twice, and otherwise': [
    'consistency',
    ({ samples }) => ({
      samples: [...samples, ...samples.slice(0, 2).map((s) => ({ ...s, values: s.values.map((v) => v + 1) }))],
      broken: 0,
    }),
  ],
  'whole batches sent again and again': [
    'consistency',
    ({ samples }) => ({ samples: [...samples, ...samples], broken: 0 }),
  ],
  'values that come too late': [
    'timeliness',
    ({ samples }) => ({
      samples: [...samples, ...samples.slice(0, 2).map((s) => ({ ...s, timeMs: s.timeMs - 6 * HOUR_MS }))],
      broken: 0,
    }),
  ],
  'a metric that is no longer sent': [
    'relevance',
    ({ samples }) => ({ samples: samples.map((s) => keeping(s, (name) => name !== 'queue_depth')), broken: 0 }),
  ],
  'metrics that the model does not know': [
    'relevance',
    ({ samples }) => ({
      samples: samples.map((s) => ({ ...s, names: [...s.names, 'new_a', 'new_b'], values: [...s.values, 1, 2] })),
      broken: 0,
    }),
  ],
  'half of the entities gone': [
    'volume',
    ({ samples }) => ({ samples: samples.slice(0, Math.floor(samples.length / 2)), broken: 0 }),
  ],
  'twice as many entities': [
    'volume',
    ({ samples }) => ({
      samples: [...samples, ...samples.map((s) => ({ ...s, entity: `${s.entity}-b` }))],
      broken: 0,
    }),
  ],
};

describe('the data quality score', () => {
  test('of a healthy fleet is full', () => {
    const { score, faults, trainable } = qualityWith((sent) => sent);
    expect(score).toBe(30);
    expect(faults).toEqual([]);
    expect(trainable).toBe(true);
  });

  test.each(Object.entries(FAULTS))('falls in one dimension alone for %s', (_, [lowered, fault]) => {
    const { dimensions, score } = qualityWith(fault);
    expect(dimensions[lowered], lowered).toBeLessThan(4.5);
    for (const other of DIMENSIONS.filter((d) => d !== lowered)) expect(dimensions[other], other).toBe(5);
    expect(score).toBeCloseTo(25 + dimensions[lowered], 9);
  });

  test('every dimension has a fault that lowers it', () => {
    expect(new Set(Object.values(FAULTS).map(([lowered]) => lowered))).toEqual(new Set(DIMENSIONS));
  });

  test('is too low to train on when three dimensions fail altogether', () => {
    const { trainable, score } = qualityWith(({ samples }) => {
      const few = samples.slice(0, Math.floor(samples.length / 4));
      return { samples: [...few, ...few, ...few], broken: 9 * few.length };
    });
    expect(score).toBeLessThan(18);
    expect(trainable).toBe(false);
  });
});
