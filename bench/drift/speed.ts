import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { policyConfig } from '../../core/config/policy.ts';
import { streamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { binned, count, countAll, emptyHistogram } from '../../core/stats/histogram.ts';
import { ksStatistic } from '../../core/stats/ks.ts';
import { psi } from '../../core/stats/psi.ts';
import { referenceBins } from '../../core/stats/reference-bins.ts';
import { emptyCounts } from '../../detector/interval-codec.ts';
import { type IntervalCounts, RATIO_SLOTS } from '../../detector/interval-counts.ts';
import type { DriftLimits, ReferenceFeature, ReferenceProfile } from '../../detector/reference.ts';
import { MAX_HISTORY, type ObserveInput } from '../../monitor/figures/input.ts';
import { observe } from '../../monitor/figures/observe.ts';
import { featureShifts, shiftFigures } from '../../monitor/figures/shift.ts';
import { pythonWith } from '../lib/python.ts';

const run = promisify(execFile);
const FEATURES = 100;
const ROWS = 100_000;
const MANY = 1_000;
const BINS = 20;
const REPEATS = 5;
const DAY_MS = 86_400_000;

export interface Speed {
  /** Exact two-sample distance of 100 features of 100,000 rows each. */
  ksMs: number;
  /** The same by scipy's ks_2samp in the same run; the reason when it is not there. */
  scipyMs: number | string;
  scipyVersion: string;
  /** PSI of the same, bins and counts included. */
  psiMs: number;
  /** Shifts of an interval of a thousand features, from its counts. */
  intervalMs: number;
  /** All that is observed of it: every figure of four spans, the quality of the data, and the cause. */
  observeMs: number;
}

const best = (work: () => void): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const startedMs = performance.now();
    work();
    least = Math.min(least, performance.now() - startedMs);
  }
  return least;
};

export async function speed(): Promise<Speed> {
  const random = new Random(1);
  const draw = (shift: number) =>
    Array.from({ length: FEATURES }, () => Float64Array.from({ length: ROWS }, () => random.normal() + shift));
  const [then, now] = [draw(0), draw(0.05)];
  const ksMs = best(() => {
    for (let f = 0; f < FEATURES; f++) orThrow(ksStatistic(then[f]!, now[f]!));
  });
  const psiMs = best(() => {
    for (let f = 0; f < FEATURES; f++) {
      const { edges } = orThrow(referenceBins(then[f]!, BINS));
      const [a, b] = [emptyHistogram(edges), emptyHistogram(edges)];
      countAll(a, then[f]!);
      countAll(b, now[f]!);
      orThrow(psi(binned(a), binned(b)));
    }
  });
  const reference = manyFeatures(random);
  const counts = emptyCounts(0, 21_600_000, 'm', reference);
  // a third of the features has shifted, so that there is a cause to look for
  counts.features.forEach(({ place }, f) => {
    const shift = f % 3 === 0 ? 1 : 0;
    countAll(
      place,
      Float64Array.from({ length: 500 }, () => random.normal() + shift),
    );
  });
  const policy = policyConfig.parse({ limits: 'textbook' });
  counts.windows = 500;
  counts.points.applied = 500 * MANY;
  const lane = counts.champion!;
  lane.windows = 500;
  for (let i = 0; i < 500; i++) {
    count(lane.score!, random.normal());
    count(lane.pValue, random.next());
  }
  const intervalMs = best(() => shiftFigures(featureShifts(counts, reference, policy), reference, policy));
  const input = observedInput(reference, counts);
  const observeMs = best(() => observe(input));
  return { ksMs, psiMs, intervalMs, observeMs, ...(await scipy()) };
}

/** An input in which everything is there to look at: a full history, measured limits, the interval of a day and a week ago. */
export function observedInput(reference: ReferenceProfile, counts: IntervalCounts): ObserveInput {
  const stream = streamConfig.parse({ name: 's' });
  const limitsOf = (limit: number) => new Float64Array(reference.features.length).fill(limit);
  const limits: DriftLimits = {
    ...{ blocks: 40, blockMs: counts.endMs - counts.startMs, falseAlarmsPerWeek: 1, alertRatio: [0.2, 5] },
    ...{ psi: limitsOf(0.1), ks: limitsOf(0.1), psiAlone: limitsOf(0.2) },
    ...{ psiScore: 0.25, ksScore: 0.2, klScore: 0.125, uniformity: 0.2 },
  };
  const { startMs, endMs } = counts;
  const ago = (ms: number): IntervalCounts => ({ ...counts, startMs: startMs - ms, endMs: endMs - ms });
  return {
    ...{ stream, policy: stream.policy, atMs: endMs, modelId: counts.modelId, reference: { ...reference, limits } },
    spans: { grain: counts, interval: counts, day: counts, week: counts },
    history: Array.from({ length: MAX_HISTORY }, (_, i) => ago((MAX_HISTORY - i) * (endMs - startMs))),
    ...{ dayAgo: ago(DAY_MS), weekAgo: ago(7 * DAY_MS) },
    ...{
      labels: [],
      latencyP99Ms: 10,
      quality: { relative: 1, robustZShare: 0.5 },
      trainedMs: startMs,
      newestMs: endMs,
    },
  };
}

export function manyFeatures(random: Random): ReferenceProfile {
  const features = Array.from({ length: MANY }, (_, f): ReferenceFeature => {
    const sample = Float64Array.from({ length: 2_000 }, () => random.normal());
    const place = emptyHistogram(orThrow(referenceBins(sample, BINS)).edges);
    countAll(place, sample);
    return { name: `f${f}`, metric: `f${f}`, place, ratio: new Float64Array(RATIO_SLOTS), missing: 0 };
  });
  const score = features[0]!.place;
  const top = Int32Array.from({ length: 10 }, (_, f) => f);
  const plain = { bins: BINS, features, top, score, mix: new Float64Array(64), windows: 1, entities: 1, spanMs: 1 };
  return { ...plain, alertRate: 0.001, limits: null, scales: null };
}

async function scipy(): Promise<Pick<Speed, 'scipyMs' | 'scipyVersion'>> {
  const python = await pythonWith('scipy>=1.17');
  if (!python.ok) return { scipyMs: python.fault.detail, scipyVersion: '' };
  const script = fileURLToPath(new URL('./scipy_ks.py', import.meta.url));
  const { stdout } = await run(python.value, [script, String(FEATURES), String(ROWS)], { timeout: 600_000 });
  const { version, ms } = JSON.parse(stdout) as { version: string; ms: number };
  return { scipyMs: ms, scipyVersion: version };
}

export function speedSection({ ksMs, psiMs, intervalMs, observeMs, scipyMs, scipyVersion }: Speed): string {
  const theirs = typeof scipyMs === 'number' ? `${scipyMs.toFixed(0)} ms` : `not there (${scipyMs})`;
  const ratio = typeof scipyMs === 'number' ? `${(scipyMs / ksMs).toFixed(1)} × (goal 5)` : '–';
  return [
    '## Speed of the kernels',
    '',
    `The best of ${REPEATS} runs on one core${scipyVersion === '' ? '' : `; scipy ${scipyVersion} in the same run`}.`,
    '',
    '| what | here | scipy `ks_2samp` | ratio |',
    '| --- | ---: | ---: | ---: |',
    `| exact two-sample distance, ${FEATURES} features × ${ROWS.toLocaleString('en')} rows | ${ksMs.toFixed(0)} ms | ${theirs} | ${ratio} |`,
    `| PSI of the same, bins and counts included | ${psiMs.toFixed(0)} ms | | |`,
    `| shifts of ${MANY.toLocaleString('en')} features, one interval | ${intervalMs.toFixed(1)} ms | | |`,
    `| all that is observed of them: every figure of four spans, the quality of the data, the cause (goal 50 ms) | ${observeMs.toFixed(1)} ms | | |`,
    '',
  ].join('\n');
}
