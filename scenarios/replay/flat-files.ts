import { DISPOSITIONS, type Incident, type Verdict } from '../../core/types.ts';
import type { Counters } from '../../ingest/ports.ts';

/** Digits of a figure in a flat file: enough to see any change that matters, few enough to read and to diff. */
const DIGITS = 6;

export const VERDICTS_FILE = 'verdicts.csv';
export const INCIDENTS_FILE = 'incidents.jsonl';
export const DISPOSITIONS_FILE = 'dispositions.csv';

export const VERDICT_COLUMNS =
  'window_start,entity,window_ms,source,severity,p_value,score,probation,model,calibration,top_metric,top_share';

/** A number with DIGITS significant digits in its shortest form. */
export const figure = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(DIGITS))) : '');

/** A field of a CSV file (RFC 4180). */
export const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export function verdictLine(v: Verdict): string {
  const top = v.attributions[0];
  return [
    new Date(v.windowStartMs).toISOString(),
    field(v.entity),
    v.windowMs,
    v.source,
    figure(v.severity),
    figure(v.pValue),
    figure(v.score),
    v.probation ? 1 : 0,
    v.modelId,
    v.calibrationVersion,
    top === undefined ? '' : field(top.metric),
    top === undefined ? '' : figure(top.share),
  ].join(',');
}

/** The state of an incident after its last change, one JSON object a line with its keys in a fixed order. */
export function incidentLine(i: Incident): string {
  return JSON.stringify({
    id: i.id,
    entity: i.entity,
    kind: i.kind,
    start: new Date(i.startMs).toISOString(),
    last: new Date(i.lastMs).toISOString(),
    resolved: i.resolvedMs === null ? null : new Date(i.resolvedMs).toISOString(),
    windows: i.windows,
    peakSeverity: Number(figure(i.peakSeverity)),
    summary: i.summary,
    attributions: i.attributions.map((a) => ({ metric: a.metric, share: Number(figure(a.share)) })),
  });
}

/** What became of the points, a line each, with what is counted beside them. */
export function dispositionLines(counters: Readonly<Counters>): string[] {
  return [
    'what,points',
    ...[...DISPOSITIONS, 'conflicts' as const, 'events' as const].map((key) => `${key},${counters[key]}`),
  ];
}
