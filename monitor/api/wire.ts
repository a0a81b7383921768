import type { Attribution, Incident, Verdict } from '../../core/types.ts';
import { describeAttribution } from '../../detector/words.ts';
import type { StoredDeadLetter, StoredVerdict } from '../ports.ts';

/** Bytes of a dead letter that are shown; the whole of it stays in the database. */
export const PREVIEW_BYTES = 512;
const SIGNIFICANT_DIGITS = 6;

/** JSON has neither NaN nor infinity: what is missing or without a bound is null. Charts need no more digits. */
export function number(x: number): number | null {
  return Number.isFinite(x) ? Number(x.toPrecision(SIGNIFICANT_DIGITS)) : null;
}

export function wireAttribution(a: Attribution) {
  return {
    metric: a.metric,
    share: number(a.share),
    value: number(a.value),
    expectedLow: number(a.expectedLow),
    expectedHigh: number(a.expectedHigh),
    text: describeAttribution(a),
  };
}

export function wireIncident(incident: Incident) {
  return {
    id: incident.id,
    stream: incident.stream,
    entity: incident.entity,
    kind: incident.kind,
    startMs: incident.startMs,
    lastMs: incident.lastMs,
    resolvedMs: incident.resolvedMs,
    peakSeverity: number(incident.peakSeverity),
    windows: incident.windows,
    summary: incident.summary,
    attributions: incident.attributions.map(wireAttribution),
  };
}

/** What lists and live messages say of a verdict. */
export function wireEntity(verdict: Verdict) {
  return {
    stream: verdict.stream,
    entity: verdict.entity,
    lastWindowEndMs: verdict.windowStartMs + verdict.windowMs,
    severity: number(verdict.severity),
    source: verdict.source,
    probation: verdict.probation,
  };
}

export function wireVerdict(verdict: StoredVerdict) {
  const { readings } = verdict;
  return {
    id: verdict.id,
    ...wireEntity(verdict),
    windowStartMs: verdict.windowStartMs,
    windowMs: verdict.windowMs,
    schemaVersion: verdict.schemaVersion,
    score: number(verdict.score),
    pValue: number(verdict.pValue),
    modelId: verdict.modelId,
    calibrationVersion: verdict.calibrationVersion,
    readings: readings.features.map((feature, i) => ({
      feature,
      value: number(readings.values[i]!),
      low: number(readings.low[i]!),
      high: number(readings.high[i]!),
    })),
    attributions: verdict.attributions.map(wireAttribution),
  };
}

/** A dead letter's bytes are hostile until shown otherwise: they travel as text, cut, with control characters visible. */
export function wireDeadLetter(letter: StoredDeadLetter, about: { meaning: string; remedy: string }) {
  return {
    id: letter.id,
    stream: letter.stream,
    partition: letter.partition,
    offset: letter.offset,
    code: letter.code,
    ...about,
    detail: letter.detail,
    receivedMs: letter.receivedMs,
    key: letter.key === null ? null : preview(letter.key),
    preview: preview(letter.value),
    sizeBytes: letter.value.byteLength,
  };
}

export function preview(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, PREVIEW_BYTES));
  const visible = text.replace(/[\p{Cc}\p{Cf}]/gu, (c) => (c === '\n' ? '⏎' : '�'));
  return bytes.byteLength > PREVIEW_BYTES ? `${visible}…` : visible;
}
