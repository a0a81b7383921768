import type { PolicyConfig } from '../../core/config/policy.ts';
import { binned, type Histogram, missingShare, total } from '../../core/stats/histogram.ts';
import { kl } from '../../core/stats/kl.ts';
import { ksBinned } from '../../core/stats/ks-binned.ts';
import { psi } from '../../core/stats/psi.ts';
import { driftedFeatures } from '../../detector/drift-limits.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import type { FeatureFigures, Figure, Figures } from '../observation.ts';
import { UNKNOWN, worseAbove } from './status.ts';

/** Fewer values than this make no distribution. */
export const MIN_VALUES = 30;
/** Textbook limits of PSI (Siddiqi 2006): a shift to look at, and one to act upon. */
export const PSI_WARN = 0.1;
export const PSI_DRIFT = 0.25;
/** Of the same standing for the distance of distribution functions. */
const KS_DRIFT = 0.2;
/** The share of a limit from which on it is told: as 0.1 is to 0.25. */
export const WARN_SHARE = PSI_WARN / PSI_DRIFT;

/** How far each feature has shifted from the reference, in its order. */
export function featureShifts(
  counts: IntervalCounts | null,
  reference: ReferenceProfile,
  { limits: rule }: PolicyConfig,
): FeatureFigures[] {
  const measured = rule === 'measured';
  const byName = new Map(counts?.features.map((feature) => [feature.name, feature]));
  return reference.features.map(({ name, place: trained, missing: missingInTraining }, f) => {
    const place = byName.get(name)?.place ?? null;
    const psiLimit = (measured ? reference.limits?.psi[f] : undefined) ?? PSI_DRIFT;
    const ksLimit = (measured ? reference.limits?.ks[f] : undefined) ?? KS_DRIFT;
    const found = place === null ? null : distances(trained, place);
    const missing = place === null ? null : numberOf(missingShare(place));
    const known = found !== null && (!measured || reference.limits !== null);
    const status = !known ? 'unknown' : worseAbove(found.psi, psiLimit, WARN_SHARE);
    return {
      feature: name,
      psi: found?.psi ?? null,
      ks: found?.ks ?? null,
      missing,
      missingInTraining,
      psiLimit,
      ksLimit,
      status,
    };
  });
}

const numberOf = (x: number): number | null => (Number.isFinite(x) ? x : null);

function distances(trained: Histogram, now: Histogram): { psi: number; ks: number } | null {
  const counts = binned(now);
  if (total(now) - now.counts.at(-1)! < MIN_VALUES) return null;
  const index = psi(binned(trained), counts);
  const distance = ksBinned(binned(trained), counts);
  return index.ok && distance.ok ? { psi: index.value, ks: distance.value.statistic } : null;
}

/** Where there is nothing to compare. */
export const NO_SHIFT: Figures = {
  psi_feature: UNKNOWN,
  psi_top_feature: UNKNOWN,
  ks_feature: UNKNOWN,
  drift: UNKNOWN,
  drifted_features: UNKNOWN,
};
export const NO_SCORE: Figures = { psi_score: UNKNOWN, ks_score: UNKNOWN, kl_score: UNKNOWN };

/** The figures of all features together. */
export function shiftFigures(
  features: readonly FeatureFigures[],
  { top, limits }: Pick<ReferenceProfile, 'top' | 'limits'>,
  { limits: rule }: Pick<PolicyConfig, 'limits'>,
): Figures {
  const known = features.filter((f) => f.psi !== null);
  if (known.length === 0) return NO_SHIFT;
  const judged = known.filter((f) => f.status !== 'unknown');
  const ratios = judged.map((f) => f.psi! / f.psiLimit).sort((a, b) => b - a);
  const ratio = ratios[driftedFeatures(ratios.length) - 1] ?? null;
  const drifted = judged.filter((f) => f.status === 'drift').length;
  const own = rule === 'measured' ? limits : null;
  const alone = features.map((f, i) => ({ ...f, psiLimit: own?.psiAlone[i] ?? f.psiLimit }));
  const most = Array.from(top, (f) => alone[f]!);
  return {
    psi_feature: worst(alone, PSI_DRIFT),
    psi_top_feature: worst(most, 0.2),
    ks_feature: ksFigure(known),
    drift: ratio === null ? UNKNOWN : { value: ratio, status: worseAbove(ratio, 1, WARN_SHARE), limit: 1 },
    drifted_features:
      judged.length === 0
        ? UNKNOWN
        : { value: drifted / judged.length, status: drifted > 0 ? 'drift' : 'ok', limit: 0 },
  };
}

/** PSI of the feature that is furthest beyond whichever of its limits is wider, the textbook's or its own. */
function worst(all: readonly FeatureFigures[], textbook: number): Figure {
  const features = all.filter((f) => f.psi !== null);
  if (features.length === 0) return UNKNOWN;
  const beyond = (f: FeatureFigures) => f.psi! / Math.max(textbook, f.psiLimit);
  const one = features.reduce((a, b) => (beyond(b) > beyond(a) ? b : a));
  const status = one.status === 'unknown' ? 'unknown' : worseAbove(one.psi!, one.psiLimit, WARN_SHARE);
  return { value: one.psi, status, limit: one.psiLimit };
}

function ksFigure(features: readonly FeatureFigures[]): Figure {
  const one = features.reduce((a, b) => (b.ks! / b.ksLimit > a.ks! / a.ksLimit ? b : a));
  const status = one.status === 'unknown' ? 'unknown' : worseAbove(one.ks!, one.ksLimit, WARN_SHARE);
  return { value: one.ks, status, limit: one.ksLimit };
}

/** How far the scores of a model have shifted from those of windows that it never saw in training. */
export function scoreShifts(
  now: Histogram | null,
  reference: ReferenceProfile,
  { limits: rule }: PolicyConfig,
): Figures {
  if (now === null) return NO_SCORE;
  const found = distances(reference.score, now);
  const divergence = kl(binned(reference.score), binned(now));
  if (found === null || !divergence.ok) return NO_SCORE;
  const { limits } = reference;
  const measured = rule === 'measured';
  const known = !measured || limits !== null;
  const figure = (value: number, textbook: number, own: number | undefined): Figure => {
    const limit = (measured ? own : undefined) ?? textbook;
    return { value, status: known ? worseAbove(value, limit, WARN_SHARE) : 'unknown', limit };
  };
  return {
    psi_score: figure(found.psi, PSI_DRIFT, limits?.psiScore),
    ks_score: figure(found.ks, KS_DRIFT, limits?.ksScore),
    kl_score: figure(divergence.value, 0.1, limits?.klScore),
  };
}
