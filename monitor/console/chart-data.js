/** Columns for charts from the API's series: gaps stay gaps, and stretches of anomalous windows become marks. */

/** Two windows further apart than this many steps have nothing between them, so the line breaks. */
const GAP_STEPS = 2.1;

/** Adds a row of nulls in every gap. columns: arrays as long as times. */
export function withGaps(times, columns, stepMs) {
  const outTimes = [];
  const out = columns.map(() => []);
  for (let i = 0; i < times.length; i++) {
    if (i > 0 && times[i] - times[i - 1] > GAP_STEPS * stepMs) {
      outTimes.push(times[i - 1] + stepMs);
      for (const column of out) column.push(null);
    }
    outTimes.push(times[i]);
    columns.forEach((column, c) => {
      out[c].push(column[i]);
    });
  }
  return [outTimes, ...out];
}

/** [startMs, endMs] of runs of windows with severity above 1. */
export function anomalousStretches({ times, severity, windowMs, stepMs }) {
  const stretches = [];
  for (let i = 0; i < times.length; i++) {
    if (!(severity[i] > 1)) continue;
    const start = times[i] - windowMs;
    const last = stretches.at(-1);
    if (last && start - last[1] < stepMs) last[1] = times[i];
    else stretches.push([start, times[i]]);
  }
  return stretches;
}

/** The value where it lies outside its band, else null. */
export const outside = ({ value, low, high }) =>
  value.map((v, i) => (v !== null && low[i] !== null && high[i] !== null && (v < low[i] || v > high[i]) ? v : null));

/** Lowest and highest of what is shown, with a little air; never an empty range. */
export function bounds(columns, { floor = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY } = {}) {
  let [low, high] = [floor, least];
  for (const column of columns)
    for (const x of column) {
      if (x === null) continue;
      if (x < low) low = x;
      if (x > high) high = x;
    }
  if (low > high) return [0, 1];
  const air = (high - low || Math.abs(high) || 1) * 0.06;
  return [low >= 0 && low - air < 0 ? 0 : low - air, high + air];
}
