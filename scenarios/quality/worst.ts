import type { Attribution } from '../../core/types.ts';
import { describeAttribution } from '../../detector/words.ts';

/** Windows of each kind that a person looks at. */
const KEPT = 25;
/** Of one entity at most, and so far apart: a single long incident would fill the list otherwise. */
const PER_ENTITY = 3;
const APART_ROWS = 30;
/** Attributions named with a window. */
const NAMED = 2;

/** A window that the detector got most wrong. */
export interface WorstWindow {
  kind: 'high, labelled normal' | 'low, labelled anomalous';
  entity: string;
  row: number;
  time: string;
  severity: number;
  /** −log10 of its p-value. */
  decades: number;
  /** What spoke for it, in words. */
  evidence: string;
}

export interface JudgedRows {
  entity: string;
  timesMs: Float64Array;
  labels: Uint8Array;
  severity: Float64Array;
  decades: Float64Array;
  attributions: (readonly Attribution[])[];
}

/** Keeps the windows that contradict their labels most, over all entities. */
export class WorstWindows {
  #alarms: WorstWindow[] = [];
  #silences: WorstWindow[] = [];

  add(rows: JudgedRows): void {
    this.#alarms = keep(
      this.#alarms,
      pick(rows, 0, (row) => -rows.decades[row]!),
      (w) => -w.decades,
    );
    this.#silences = keep(
      this.#silences,
      pick(rows, 1, (row) => rows.decades[row]!),
      (w) => w.decades,
    );
  }

  list(): WorstWindow[] {
    return [...this.#alarms, ...this.#silences];
  }
}

function keep(held: WorstWindow[], more: WorstWindow[], orderOf: (w: WorstWindow) => number): WorstWindow[] {
  return [...held, ...more].sort((a, b) => orderOf(a) - orderOf(b) || (a.entity < b.entity ? -1 : 1)).slice(0, KEPT);
}

function pick(rows: JudgedRows, label: 0 | 1, orderOf: (row: number) => number): WorstWindow[] {
  const candidates: number[] = [];
  for (let row = 0; row < rows.labels.length; row++) if (rows.labels[row] === label) candidates.push(row);
  candidates.sort((a, b) => orderOf(a) - orderOf(b) || a - b);
  const picked: number[] = [];
  for (const row of candidates) {
    if (picked.length === PER_ENTITY) break;
    if (picked.every((other) => Math.abs(other - row) >= APART_ROWS)) picked.push(row);
  }
  return picked.map((row) => ({
    kind: label === 0 ? 'high, labelled normal' : 'low, labelled anomalous',
    entity: rows.entity,
    row,
    time: new Date(rows.timesMs[row]!).toISOString().replace('.000Z', 'Z'),
    severity: rows.severity[row]!,
    decades: rows.decades[row]!,
    evidence: rows.attributions[row]!.slice(0, NAMED).map(describeAttribution).join('; ') || 'nothing stood out',
  }));
}
