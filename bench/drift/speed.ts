import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { policyConfig } from '../../core/config/policy.ts';
import { orThrow } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { binned, countAll, emptyHistogram } from '../../core/stats/histogram.ts';
import { ksStatistic } from '../../core/stats/ks.ts';
import { psi } from '../../core/stats/psi.ts';
import { referenceBins } from '../../core/stats/reference-bins.ts';
import { emptyCounts } from '../../detector/interval-codec.ts';
import { RATIO_SLOTS } from '../../detector/interval-counts.ts';
import type { ReferenceFeature, ReferenceProfile } from '../../detector/reference.ts';
import { featureShifts, shiftFigures } from '../../monitor/figures/shift.ts';
import { pythonWith } from '../lib/python.ts';

const run = promisify(execFile);
const FEATURES = 100;
const ROWS = 100_000;
const MANY = 1_000;
const BINS = 20;
const REPEATS = 5;

export interface Speed {
  /** Exact two-sample distance of 100 features of 100,000 rows each. */
  ksMs: number;
  /** The same by scipy's ks_2samp in the same run; the reason when it is not there. */
  scipyMs: number | string;
  scipyVersion: string;
  /** PSI of the same, bins and counts included. */
  psiMs: number;
  /** The figures of an interval of a thousand features, from its counts. */
  intervalMs: number;
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
  for (const { place } of counts.features)
    countAll(
      place,
      Float64Array.from({ length: 500 }, () => random.normal()),
    );
  const policy = policyConfig.parse({ limits: 'textbook' });
  const intervalMs = best(() => shiftFigures(featureShifts(counts, reference, policy), reference, policy));
  return { ksMs, psiMs, intervalMs, ...(await scipy()) };
}

function manyFeatures(random: Random): ReferenceProfile {
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

export function speedSection({ ksMs, psiMs, intervalMs, scipyMs, scipyVersion }: Speed): string {
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
    `| shifts of ${MANY.toLocaleString('en')} features, one interval (goal 50 ms) | ${intervalMs.toFixed(1)} ms | | |`,
    '',
  ].join('\n');
}
