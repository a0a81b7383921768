/** Numbers for people: about three significant digits, with the unit that the metric's name ends in. */

const BYTES = [
  [1e12, 'TB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
  [1, 'B'],
];
const BYTES_PER_SECOND = BYTES.map(([divisor, unit]) => [divisor, `${unit}/s`]);
const MILLISECONDS = [
  [60_000, 'min', 600_000],
  [1_000, 's', 10_000],
  [1, 'ms'],
];
const SECONDS = [
  [60, 'min', 600],
  [1, 's'],
];
const PERCENT = [[1, '%']];
const RATIO = [[0.01, '%']];
const PER_SECOND = [[1, '/s']];
const PLAIN = [[1, '']];

/** Scales of a metric, largest first: [divisor, unit, used from]. */
function scalesOf(metric) {
  if (/_bytes_per_s(econd)?$/.test(metric)) return BYTES_PER_SECOND;
  if (/_per_s(econd)?$/.test(metric)) return PER_SECOND;
  if (/_ms$/.test(metric)) return MILLISECONDS;
  if (/_bytes$/.test(metric)) return BYTES;
  if (/_percent$/.test(metric)) return PERCENT;
  if (/_ratio$/.test(metric)) return RATIO;
  if (/_(s|seconds)$/.test(metric)) return SECONDS;
  return PLAIN;
}

function scaleFor(metric, magnitude) {
  const scales = scalesOf(metric);
  return scales.find(([divisor, , from]) => Math.abs(magnitude) >= (from ?? divisor)) ?? scales.at(-1);
}

const NO_BAND = 'no band yet';

export function formatNumber(x) {
  if (x === null || x === undefined || !Number.isFinite(x)) return 'unknown';
  const magnitude = Math.abs(x);
  if (magnitude === 0) return '0';
  if (magnitude >= 1e9 || magnitude < 1e-4) return x.toExponential(1).replace('e+', 'e');
  if (magnitude >= 100) return Math.round(x).toLocaleString('en');
  return String(Number(x.toPrecision(3)));
}

const joined = (number, unit) => (unit === '' ? number : unit === '/s' ? `${number}/s` : `${number} ${unit}`);

/** "412 ms", "5.79 GB", "0.42 %", "88/s" */
export function formatValue(metric, x) {
  if (x === null || x === undefined) return 'missing';
  const [divisor, unit] = scaleFor(metric, x);
  return joined(formatNumber(x / divisor), unit);
}

/** "80 to 121 ms": both ends in one unit, that of the larger. */
export function formatBand(metric, low, high) {
  if (low === null || high === null || low === undefined || high === undefined) return NO_BAND;
  const [divisor, unit] = scaleFor(metric, Math.max(Math.abs(low), Math.abs(high)));
  const [from, to] = [formatNumber(low / divisor), formatNumber(high / divisor)];
  return joined(from === to ? from : `${from} to ${to}`, unit);
}

/** "expected 80 to 121 ms", or that there is nothing to expect yet */
export function formatExpected(metric, low, high) {
  const band = formatBand(metric, low, high);
  return band === NO_BAND ? band : `expected ${band}`;
}

const COMPACT = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];
const COMPACT_FROM = 10_000;

/** Labels of a chart's axis: one unit for all of them, and short. */
export function formatTicks(metric, ticks) {
  const largest = Math.max(...ticks.map((t) => Math.abs(t ?? 0)));
  const [divisor, unit] = scaleFor(metric, largest);
  const shown = largest / divisor;
  const [by, suffix] = shown >= COMPACT_FROM ? COMPACT.find(([from]) => shown >= from) : [1, ''];
  const label = (t) => joined(`${Number((t / divisor / by).toPrecision(4))}${t === 0 ? '' : suffix}`, unit);
  return ticks.map((t) => (t === null ? '' : label(t)));
}

/** "latency_ms 412 ms, expected 80 to 121 ms" */
export function describeAttribution(a) {
  if (a.value === null) return `${a.metric} missing`;
  const value = `${a.metric} ${formatValue(a.metric, a.value)}`;
  if (a.expectedLow === null || a.expectedHigh === null) return value;
  const inside = a.value >= a.expectedLow && a.value <= a.expectedHigh;
  const band = formatBand(a.metric, a.expectedLow, a.expectedHigh);
  return `${value}, expected ${band}${inside ? ' (back inside, unusual shortly before)' : ''}`;
}

const SAID_AT_MOST = 3;
const SAID_FROM_SHARE = 0.1;

const isOutside = (a) => a.value === null || a.value < a.expectedLow || a.value > a.expectedHigh;

/**
 * What an anomaly is about, in one sentence and with units: the metrics outside their bands; when all are back inside,
 * the one with the most evidence.
 */
export function describeAnomaly({ attributions, summary }) {
  const said = attributions.filter((a, i) => i === 0 || a.share >= SAID_FROM_SHARE);
  const out = said.filter(isOutside).slice(0, SAID_AT_MOST);
  if (said.length === 0) return summary;
  return (out.length > 0 ? out : said.slice(0, 1)).map(describeAttribution).join('; ');
}

export const formatCount = (n) => (n ?? 0).toLocaleString('en');
export const formatSeverity = (s) => (s === null || s === undefined ? '?' : s >= 10 ? s.toFixed(0) : s.toFixed(2));
export const formatShare = (share) => `${Math.round(share * 100)} %`;

export function formatBytes(n) {
  return formatValue('size_bytes', n);
}

/** Shares of a whole never round up to all of it. */
export function formatPercentOf(n, total) {
  if (total === 0 || n === 0) return '';
  const percent = (100 * n) / total;
  if (percent < 0.01) return '< 0.01 %';
  return `${n < total && percent > 99 ? Math.floor(percent * 100) / 100 : Number(percent.toPrecision(2))} %`;
}

export function plural(n, one, many = `${one}s`) {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}
