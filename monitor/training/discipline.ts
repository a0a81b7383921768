import type { StreamConfig } from '../../core/config/stream.ts';
import type { Incident } from '../../core/types.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { Label } from '../controller/ports.ts';
import type { Quarantine } from '../types.ts';
import { LabelBook } from './label-book.ts';

/** Windows left out on both sides of whatever is quarantined: an anomaly has beginnings and echoes that nobody marked. */
export const MARGIN_WINDOWS = 6;
/**
 * Share of the entities in incidents at the same time from which on it is the fleet that has changed and not they: a model
 * must learn that. Where the change came from a fault, its cause has put the range into quarantine.
 */
export const FLEET_SHARE = 0.3;
const FLEET_ENTITIES = 3;
/** Ranges named in a lineage at most; beyond it they are counted only. */
export const MAX_NAMED_RANGES = 500;

export const REASONS = {
  future: 'after the end of the data asked for',
  old: 'before the training span',
  duplicate: 'told twice',
  conflict: 'labelled both normal and anomalous',
  anomalous: 'labelled anomalous',
  incident: 'in or around an incident',
  quarantine: 'quarantined: ',
  overlap: 'overlaps the held-back windows',
  heldBack: 'held back to evaluate',
} as const;

/** Counts windows left out, by reason. */
export class LeftOut {
  readonly #counts = new Map<string, number>();

  add(reason: string, windows = 1): void {
    if (windows > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + windows);
  }

  list(): { reason: string; windows: number }[] {
    return [...this.#counts]
      .map(([reason, windows]) => ({ reason, windows }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}

/**
 * Rows of windows that lie whole in [fromMs, toMs), each once, by entity and time: what comes before any split. Of two
 * rows about one window the first stays.
 */
export function distinctRows(
  rows: Iterable<TrainingRow>,
  config: StreamConfig,
  range: { fromMs: number; toMs: number },
  leftOut: LeftOut,
): TrainingRow[] {
  const { sizeMs } = config.window;
  const kept: TrainingRow[] = [];
  for (const row of rows) {
    if (row.windowStartMs < range.fromMs) leftOut.add(REASONS.old);
    else if (row.windowStartMs + sizeMs > range.toMs) leftOut.add(REASONS.future);
    else kept.push(row);
  }
  kept.sort((a, b) => (a.entity < b.entity ? -1 : a.entity > b.entity ? 1 : a.windowStartMs - b.windowStartMs));
  return kept.filter((row, i) => {
    const before = kept[i - 1];
    const again = before?.entity === row.entity && before.windowStartMs === row.windowStartMs;
    if (again) leftOut.add(REASONS.duplicate);
    return !again;
  });
}

type Ranges = { fromMs: number; toMs: number; reason: string }[];

/**
 * Says of a window why nothing may be learned from it, or null. Windows that an operator called normal are let back in
 * from incidents, not from quarantined ranges, which are about the telemetry itself.
 */
export class Discipline {
  readonly #config: StreamConfig;
  readonly #everywhere: Ranges = [];
  readonly #byEntity = new Map<string, Ranges>();
  readonly #incidents = new Map<string, Ranges>();
  readonly #fleet: Ranges;
  readonly labels: LabelBook;

  constructor(
    config: StreamConfig,
    about: {
      quarantine: readonly Quarantine[];
      incidents: readonly Incident[];
      labels: readonly Label[];
      /** Of the stream, against which it is told how many are in incidents at once. */
      entities: number;
    },
  ) {
    this.#config = config;
    this.labels = new LabelBook(about.labels);
    for (const { fromMs, toMs, entity, reason } of about.quarantine) {
      const range = this.#widened(fromMs, toMs, REASONS.quarantine + reason);
      if (entity === null) this.#everywhere.push(range);
      else listed(this.#byEntity, entity).push(range);
    }
    for (const incident of about.incidents) {
      if (this.labels.dismissed(incident.id)) continue;
      const range = this.#widened(incident.startMs, incident.lastMs, REASONS.incident);
      listed(this.#incidents, incident.entity).push(range);
    }
    const most = Math.max(FLEET_ENTITIES, Math.ceil(about.entities * FLEET_SHARE));
    this.#fleet = atOnce(this.#incidents, most);
    for (const { entity, fromMs, toMs } of this.labels.anomalous()) {
      listed(this.#byEntity, entity).push(this.#widened(fromMs, toMs, REASONS.anomalous));
    }
  }

  #widened(fromMs: number, toMs: number, reason: string) {
    const marginMs = MARGIN_WINDOWS * this.#config.window.hopMs;
    return { fromMs: fromMs - marginMs, toMs: toMs + marginMs, reason };
  }

  /** Why a window is left out; null when it may be learned from. */
  objection(entity: string, startMs: number): string | null {
    const endMs = startMs + this.#config.window.sizeMs;
    const said = this.labels.of(entity, startMs);
    if (said === 'conflict') return REASONS.conflict;
    const held = hit(this.#everywhere, startMs, endMs) ?? hit(this.#byEntity.get(entity), startMs, endMs);
    if (held !== null) return held;
    if (said === 'normal' || hit(this.#fleet, startMs, endMs) !== null) return null;
    return hit(this.#incidents.get(entity), startMs, endMs);
  }
}

function hit(ranges: Ranges | undefined, startMs: number, endMs: number): string | null {
  return ranges?.find(({ fromMs, toMs }) => startMs < toMs && endMs > fromMs)?.reason ?? null;
}

/** Stretches in which at least so many of the lists have a range. */
function atOnce(lists: ReadonlyMap<string, Ranges>, least: number): Ranges {
  const edges: { atMs: number; step: number }[] = [];
  for (const ranges of lists.values()) {
    for (const { fromMs, toMs } of merged(ranges)) edges.push({ atMs: fromMs, step: 1 }, { atMs: toMs, step: -1 });
  }
  edges.sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  const found: Ranges = [];
  let open = 0;
  let sinceMs = Number.NaN;
  for (const { atMs, step } of edges) {
    if (step > 0 && ++open === least) sinceMs = atMs;
    else if (step < 0 && open-- === least) found.push({ fromMs: sinceMs, toMs: atMs, reason: REASONS.incident });
  }
  return found;
}

function merged(ranges: Ranges): Ranges {
  const out: Ranges = [];
  for (const range of ranges.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = out.at(-1);
    if (last !== undefined && range.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, range.toMs);
    else out.push({ ...range });
  }
  return out;
}

function listed(lists: Map<string, Ranges>, key: string): Ranges {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/**
 * Where the held-back part begins: the newest `share` of the event time that the rows span, but not more than it takes to
 * judge `windows` windows, so that training sees as much of the newest behaviour as it can. Rows by time may be uneven:
 * the place is a quantile of the distinct window starts.
 */
export function splitOf(rows: readonly TrainingRow[], share: number, most: number): number {
  const starts = Float64Array.from(rows, (row) => row.windowStartMs).sort();
  const back = Math.max(1, Math.min(Math.floor(starts.length * share), most));
  return starts[starts.length - back] ?? Number.NaN;
}
