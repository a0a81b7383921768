import { FIGURES } from './figure-names.js';
import { formatNumber } from './format.js';
import { formatDuration } from './time.js';

const UNITS = new Map(FIGURES.map(([name, , unit]) => [name, unit]));
const LONG_MS = 60_000;

export function formatFigure(name, value) {
  if (value === null || value === undefined) return 'unknown';
  const unit = UNITS.get(name);
  if (unit === 'share') return `${formatNumber(100 * value)} %`;
  if (unit === 'milliseconds') return Math.abs(value) >= LONG_MS ? formatDuration(value) : `${formatNumber(value)} ms`;
  return formatNumber(value);
}

/** What a figure is held against: "0.25", "0.35 to 2.9", or none. */
export function formatLimit(name, limit) {
  if (limit === null || limit === undefined) return 'none';
  if (Array.isArray(limit)) return `${formatFigure(name, limit[0])} to ${formatFigure(name, limit[1])}`;
  return formatFigure(name, limit);
}

/** A metric whose values are written as those of the figure, for axes. */
export const unitMetric = (name) => ({ share: 'share_ratio', milliseconds: 'time_ms' })[UNITS.get(name)] ?? '';
