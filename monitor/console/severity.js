import { h } from './dom.js';
import { formatSeverity } from './format.js';

/** Severity 1 is the alert limit whatever the model; the words and the shapes say it to those who see no colour. */
export function levelOf(severity) {
  if (severity === null || severity === undefined) return 'unknown';
  if (severity >= 3) return 'extreme';
  if (severity > 1) return 'anomalous';
  return severity >= 0.7 ? 'raised' : 'quiet';
}

/** Share of a meter that a severity fills; the limit, 1, is at the middle. */
export const meterShare = (severity) => `${Math.min(100, Math.max(0, 50 * (severity ?? 0)))}%`;

export function severityBadge(severity, word = levelOf(severity)) {
  return h(
    'span',
    { class: `badge ${levelOf(severity)}` },
    h('b', null, formatSeverity(severity)),
    ' ',
    h('span', { class: 'badge-word' }, word),
  );
}

export const SOURCE_WORDS = {
  forest: 'isolation forest',
  fallback: 'fallback (no model)',
};
