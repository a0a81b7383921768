import { missingShare, total } from '../../core/stats/histogram.ts';
import type { IntervalCounts } from '../../detector/interval-counts.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import type { Figures } from '../observation.ts';
import { shareFigure, UNKNOWN, worseAbove } from './status.ts';

/** Shares beyond which a rate is told of; triggers have limits of their own. */
const LIMITS = { missing: 0.05, newcomers: 0.25, late: 0.05, dead_letters: 0.01, fallback: 0.5, errors: 0.01 } as const;

/** How much of what should have come did, and was judged by the forest. */
export function rateFigures(counts: IntervalCounts | null, reference: ReferenceProfile | null): Figures {
  if (counts === null) {
    const names = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
    return Object.fromEntries(names.map((name) => [name, UNKNOWN]));
  }
  const { applied, late, duplicate, dead_lettered } = counts.points;
  const points = applied + late + duplicate + dead_lettered;
  const lane = counts.champion;
  const judged = lane === null ? 0 : lane.windows + lane.failed;
  return {
    missing: missingFigure(counts, reference),
    newcomers: shareFigure(counts.newcomers, counts.windows, LIMITS.newcomers),
    late: shareFigure(late, points, LIMITS.late),
    dead_letters: shareFigure(dead_lettered, points, LIMITS.dead_letters),
    fallback: shareFigure(counts.fallback, counts.windows, LIMITS.fallback),
    errors: shareFigure(lane?.failed ?? 0, judged, LIMITS.errors),
  };
}

function missingFigure(counts: IntervalCounts, reference: ReferenceProfile | null) {
  if (reference === null || counts.features.length === 0) return UNKNOWN;
  const trained = new Map(reference.features.map(({ name, missing }) => [name, missing]));
  let beyond = 0;
  let values = 0;
  for (const { name, place } of counts.features) {
    const all = total(place);
    if (all === 0) continue;
    beyond += all * Math.max(0, missingShare(place) - (trained.get(name) ?? 0));
    values += all;
  }
  if (values === 0) return UNKNOWN;
  const value = beyond / values;
  return { value, status: worseAbove(value, LIMITS.missing), limit: LIMITS.missing };
}
