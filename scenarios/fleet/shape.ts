/**
 * How demand rises and falls: a working day with a dip at night and an evening peak, and a quieter weekend, in UTC.
 * Piecewise cubic (Catmull-Rom 1974) over an hourly table, so the curve is smooth and the arithmetic the same everywhere.
 */
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Share of the peak at the start of each hour. */
const HOURS = [
  0.5, 0.42, 0.36, 0.33, 0.32, 0.35, 0.43, 0.55, 0.68, 0.78, 0.85, 0.89, 0.9, 0.9, 0.89, 0.87, 0.86, 0.88, 0.93, 0.98,
  1.0, 0.95, 0.81, 0.64,
];

/** Monday to Sunday, each reached at its noon. */
const DAYS = [1.0, 1.02, 1.02, 1.01, 0.98, 0.84, 0.8];

/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 3;

/** Demand at an instant as a share of the weekly peak, in (0.2, 1.1). */
export function demandShape(timeMs: number): number {
  return daily(timeMs) * weekly(timeMs);
}

/** Whether people deploy at this time: Monday to Friday, 8 to 18 o'clock. */
export function isWorkingHour(timeMs: number): boolean {
  const hour = Math.floor(modulo(timeMs, DAY_MS) / HOUR_MS);
  return weekday(timeMs) < 5 && hour >= 8 && hour < 18;
}

function daily(timeMs: number): number {
  const hours = modulo(timeMs, DAY_MS) / HOUR_MS;
  const at = Math.floor(hours);
  const f = hours - at;
  const p0 = HOURS[(at + 23) % 24]!;
  const p1 = HOURS[at % 24]!;
  const p2 = HOURS[(at + 1) % 24]!;
  const p3 = HOURS[(at + 2) % 24]!;
  return p1 + 0.5 * f * (p2 - p0 + f * (2 * p0 - 5 * p1 + 4 * p2 - p3 + f * (3 * (p1 - p2) + p3 - p0)));
}

function weekly(timeMs: number): number {
  const noon = timeMs - DAY_MS / 2;
  const day = weekday(noon);
  const f = modulo(noon, DAY_MS) / DAY_MS;
  return DAYS[day]! + f * (DAYS[(day + 1) % 7]! - DAYS[day]!);
}

function weekday(timeMs: number): number {
  return modulo(Math.floor(timeMs / DAY_MS) + EPOCH_WEEKDAY, 7);
}

function modulo(a: number, n: number): number {
  return a - Math.floor(a / n) * n;
}
