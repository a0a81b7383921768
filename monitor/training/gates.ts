import type { PolicyConfig } from '../../core/config/policy.ts';
import { MAX_ARTIFACT_BYTES } from '../registry.ts';
import type { Evaluation, GateResult } from '../types.ts';
import type { Judged } from './compare.ts';

/** Limits of a worker, which a candidate must keep. */
export const MAX_MEMORY_BYTES = 20_000_000;
export const MAX_P99_MS = 50;
/** A forest must find so much more than chance, and robust z less than this share of what it finds, to be worth having. */
export const OVER_RANDOM = 0.1;
export const ROBUST_Z_SHARE = 0.9;

const percent = (x: number): string => `${Math.round(x * 1000) / 10} %`;
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e5) / 10} MB`;

/**
 * Holds a candidate against the limits, each with what was found. `robust_z` never refuses: that a forest is worth little
 * more than robust z is said of the champion too, and a trigger of its own acts on it.
 */
export function gatesOf(evaluation: Evaluation, policy: PolicyConfig, precision: Judged['precision']): GateResult[] {
  const e = evaluation;
  const measure = e.basis === 'labels' ? 'PR-AUC' : 'recall at an equal alert budget';
  const against = e.championQuality === null ? 'no champion' : `the champion ${percent(e.championQuality)}`;
  const interval = e.difference && `, difference ${e.difference.map(percent).join(' to ')}`;
  const atK = precision ? `; Precision@K ${percent(precision.candidate)}` : '';
  return [
    gate('schema', true, 'the artifact is whole and fits the stream'),
    gate('artifact', e.artifactBytes <= MAX_ARTIFACT_BYTES, megabytes(e.artifactBytes)),
    gate('memory', e.memoryBytes <= MAX_MEMORY_BYTES, megabytes(e.memoryBytes)),
    gate('latency', e.p99Ms <= MAX_P99_MS, `one row in ${e.p99Ms.toFixed(3)} ms, 99th percentile`),
    gate(
      'champion',
      !isWorse(e, policy),
      `${measure} ${percent(e.candidateQuality)}, ${against}${interval ?? ''}${atK}`,
    ),
    gate(
      'segments',
      e.worseSegments.length === 0,
      e.worseSegments.length === 0
        ? 'no group of entities is worse'
        : `worse in ${e.worseSegments.map((s) => `${s.segment} (${percent(s.difference)})`).join(', ')}`,
    ),
    gate('random', e.candidateQuality >= e.random + OVER_RANDOM, `chance has ${percent(e.random)}`),
    gate(
      'robust_z',
      true,
      `robust z has ${percent(e.robustZ)}${e.robustZ >= ROBUST_Z_SHARE * e.candidateQuality ? ', nearly as much: the forest may not be worth its cost' : ''}`,
    ),
    gate(
      'golden',
      e.golden === null || e.golden.champion === null || e.golden.candidate > e.golden.champion / 2,
      e.golden === null
        ? 'no golden set yet'
        : `${percent(e.golden.candidate)} on the golden set, ${e.golden.champion === null ? 'no champion' : `the champion ${percent(e.golden.champion)}`}`,
    ),
  ];
}

/** Worse for certain: the whole interval of the difference is below 0. */
function isWorse({ championQuality, candidateQuality, difference }: Evaluation, { worse }: PolicyConfig): boolean {
  if (championQuality === null) return false;
  if (difference === null) return candidateQuality < championQuality * (1 - worse);
  return difference[1] < 0;
}

const gate = (name: string, passed: boolean, detail: string): GateResult => ({ gate: name, passed, detail });
