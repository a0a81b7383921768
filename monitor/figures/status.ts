import type { Figure, FigureStatus } from '../observation.ts';

/** A figure that nothing is known of: neither well nor ill. */
export const UNKNOWN: Figure = { value: null, status: 'unknown', limit: null };

/** Of a figure that is worse the higher it is; warnFrom: the share of its limit from which on it is told. */
export const worseAbove = (value: number, limit: number, warnFrom = 1): FigureStatus =>
  value > limit ? 'drift' : value > warnFrom * limit ? 'warn' : 'ok';

/** Of a figure that is worse the lower it is. */
export const worseBelow = (value: number, limit: number): FigureStatus => (value < limit ? 'drift' : 'ok');

/** A share of counts, unknown for none. */
export function shareFigure(part: number, of: number, limit: number): Figure {
  if (!(of > 0)) return UNKNOWN;
  const value = Math.max(0, part / of);
  return { value, status: worseAbove(value, limit), limit };
}
