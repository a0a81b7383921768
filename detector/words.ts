import type { Attribution, IncidentKind } from '../core/types.ts';

const SAID_AT_MOST = 3;
/** A metric with less than this share of the evidence is left unsaid. */
const SAID_FROM_SHARE = 0.1;

/** A measurement for a person: about three significant digits, no exponent between 0.001 and a billion. */
export function formatValue(x: number): string {
  if (!Number.isFinite(x)) return 'unknown';
  const magnitude = Math.abs(x);
  if (magnitude === 0) return '0';
  if (magnitude >= 1e9 || magnitude < 1e-3) return x.toExponential(2);
  if (magnitude >= 100) return String(Math.round(x));
  return String(Number(x.toPrecision(3)));
}

/** "latency_ms 412, expected 80 to 121". */
export function describeAttribution(a: Attribution): string {
  if (Number.isNaN(a.value)) return `${a.metric} missing`;
  if (!Number.isFinite(a.expectedLow) || !Number.isFinite(a.expectedHigh)) return `${a.metric} ${formatValue(a.value)}`;
  const low = formatValue(a.expectedLow);
  const high = formatValue(a.expectedHigh);
  const inside = a.value >= a.expectedLow && a.value <= a.expectedHigh;
  const expected = low === high ? `expected ${low}` : `expected ${low} to ${high}`;
  return `${a.metric} ${formatValue(a.value)}, ${expected}${inside ? ' (back inside, unusual shortly before)' : ''}`;
}

/** "45 s", "2 min 30 s", "3 h 5 min": the two largest units. */
export function describeSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = Math.max(
    0,
    parts.findIndex(([n]) => n > 0),
  );
  const said = seconds === 0 ? [[0, 's'] as const] : parts.slice(first, first + 2).filter(([n]) => n > 0);
  return said.map(([n, unit]) => `${n} ${unit}`).join(' ');
}

/** One sentence on what an incident is about. */
export function describeIncident(kind: IncidentKind, attributions: readonly Attribution[], silentMs: number): string {
  if (kind === 'absence') return `no data for ${describeSpan(silentMs)}`;
  const said = attributions.filter((a, i) => i === 0 || a.share >= SAID_FROM_SHARE).slice(0, SAID_AT_MOST);
  return said.map(describeAttribution).join('; ') || 'unlike itself, no single metric stands out';
}
