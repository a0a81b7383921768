import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { type CauseKind, SPANS } from '../../../core/triggers.ts';
import type { Figure, Figures, Observation } from '../../../monitor/observation.ts';

export const RECORDED = path.join(import.meta.dirname, 'recorded');
export const HOUR_MS = 3_600_000;
/** When runs begin in the tests. */
export const BEGIN_MS = Date.UTC(2026, 0, 5);
const SIGNIFICANT_DIGITS = 6;

/** What is written of a look: its figures that triggers name. */
interface Line {
  atMs: number;
  cause: CauseKind;
  spans: Partial<Record<keyof Observation['spans'], Figures>>;
}

/** A look in one line, its numbers to a few digits. */
function lineOf({ atMs, cause, spans }: Observation): string {
  const kept: Line['spans'] = {};
  for (const { figure, span } of TRIGGERS) {
    const found = spans[span][figure];
    if (found !== undefined) kept[span] = { ...kept[span], [figure]: found };
  }
  const short = (_key: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(SIGNIFICANT_DIGITS)) : value;
  return JSON.stringify({ atMs, cause: cause.kind, spans: kept } satisfies Line, short);
}

const fileOf = (name: string): string => path.join(RECORDED, `${name}.jsonl.gz`);

export function record(name: string, observations: readonly Observation[]): void {
  const text = observations.map((one) => `${lineOf(one)}\n`).join('');
  writeFileSync(fileOf(name), gzipSync(text, { level: 9 }));
}

/**
 * What the monitor saw in a recorded stretch; what triggers do not look at is empty. All stretches begin at one time: the
 * less time they span, the sooner promtool has imported them.
 */
export function recorded(name: string, stream = 'shop'): Observation[] {
  const text = gunzipSync(readFileSync(fileOf(name))).toString();
  const lines = text
    .trimEnd()
    .split('\n')
    .map((row) => JSON.parse(row) as Line);
  const laterMs = BEGIN_MS - lines[0]!.atMs;
  return lines.map(({ atMs, cause, spans }) => observed(stream, atMs + laterMs, spans, cause));
}

/** A look that saw these figures and nothing else. */
export function observed(
  stream: string,
  atMs: number,
  spans: Partial<Record<keyof Observation['spans'], Figures>>,
  cause: CauseKind = 'none',
): Observation {
  const all = Object.fromEntries(SPANS.map((span) => [span, spans[span] ?? {}])) as Observation['spans'];
  return {
    stream,
    atMs,
    grainMs: HOUR_MS,
    intervalMs: 24 * HOUR_MS,
    modelId: 'm',
    alertRate: 0.005,
    spans: all,
    features: [],
    quality: null,
    cause: { kind: cause, summary: '', evidence: {}, features: [] },
    champion: null,
    challenger: null,
    windows: 72,
    entities: 12,
    alertRun: null,
  };
}

export const figure = (value: number | null, more: Partial<Figure> = {}): Figure => ({
  value,
  status: value === null ? 'unknown' : 'ok',
  limit: null,
  ...more,
});
