import { Random } from '../../core/random.ts';
import type { EntityWindows } from './entity-windows.ts';
import { type Scales, scalesOf } from './plain.ts';

/**
 * Anomalies that are laid over held-back windows, so that detectors can be compared where nobody has labelled any. The mix
 * is what outages of services look like in one window after another; each kind comes equally often. Magnitudes are drawn
 * in the entity's own robust standard deviations, from what is just beyond its usual range to what everybody sees: where
 * nothing repeats and nothing depends on anything, robust z finds nearly all of them, so a forest has to earn its place.
 */
export const KINDS = ['spike', 'shift', 'stuck', 'drop', 'trend', 'together'] as const;
export type InjectedKind = (typeof KINDS)[number];

/** Windows that each kind lasts, and its magnitude in standard deviations. */
const SHAPES: Record<InjectedKind, { windows: readonly [number, number]; sd: readonly [number, number] }> = {
  // one window far out
  spike: { windows: [1, 1], sd: [4, 8] },
  // a level that stays for a while
  shift: { windows: [4, 8], sd: [3, 6] },
  // a sensor that repeats its last value, away from where it usually is
  stuck: { windows: [6, 8], sd: [3.5, 5] },
  // traffic that goes most of the way to zero
  drop: { windows: [3, 6], sd: [4, 7] },
  // a leak: it grows from nothing
  trend: { windows: [6, 8], sd: [4, 8] },
  // several metrics move a little at once
  together: { windows: [2, 5], sd: [2.5, 4] },
};
/** Windows between two anomalies, in which scorers calm down. */
export const SPACING = 8;
const JITTER = 5;
const LONGEST = 8;

export interface InjectedEvent {
  kind: InjectedKind;
  /** Judged rows [from, to). */
  from: number;
  to: number;
}

export interface Injected {
  windows: EntityWindows;
  events: InjectedEvent[];
}

/**
 * The same windows with anomalies in clean stretches of the judged part. Deterministic: the same windows and seed give the
 * same anomalies, and an entity's do not depend on which others there are.
 */
export function inject(windows: EntityWindows, seed: number, scales: Scales = scalesOf(windows)): Injected {
  const random = new Random(seed).fork(`injected ${windows.entity}`);
  const n = windows.features.length;
  const values = windows.values.slice();
  const usable: number[] = [];
  for (let c = 0; c < n; c++) if (scales.context[c] === 0 && scales.spread[c]! > 0) usable.push(c);
  const events: InjectedEvent[] = [];
  const judged = windows.startsMs.length - windows.warmUp;
  if (usable.length === 0) return { windows, events };
  let turn = random.below(KINDS.length);
  for (let at = random.below(SPACING); at + LONGEST <= judged; ) {
    const kind = KINDS[turn % KINDS.length]!;
    const { windows: span, sd } = SHAPES[kind];
    const length = span[0] + random.below(span[1] - span[0] + 1);
    const size = (sd[0] + (sd[1] - sd[0]) * random.next()) * (random.next() < 0.5 ? -1 : 1);
    const columns = pick(random, usable, kind === 'together' ? Math.max(2, Math.ceil(usable.length / 2)) : 1);
    if (!isClean(windows, at, length)) {
      at++;
      continue;
    }
    const from = windows.warmUp + at;
    for (const c of columns) strike(values, { n, c, from, length, kind, size }, scales);
    events.push({ kind, from: at, to: at + length });
    turn++;
    at += length + SPACING + random.below(JITTER);
  }
  return { windows: { ...windows, values }, events };
}

function isClean({ clean, warmUp }: EntityWindows, at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) if (clean[warmUp + i] !== 1) return false;
  return true;
}

interface Strike {
  n: number;
  c: number;
  from: number;
  length: number;
  kind: InjectedKind;
  size: number;
}

/** A value that is missing stays so. */
function strike(values: Float64Array, { n, c, from, length, kind, size }: Strike, { median, spread }: Scales): void {
  const sd = spread[c]!;
  const held = (values[from * n + c] ?? Number.NaN) + size * sd;
  for (let k = 0; k < length; k++) {
    const at = (from + k) * n + c;
    const x = values[at]!;
    if (Number.isNaN(x)) continue;
    if (kind === 'stuck') values[at] = held;
    else if (kind === 'trend') values[at] = x + (size * sd * (k + 1)) / length;
    else if (kind === 'drop') values[at] = x - Math.min(Math.abs(size) * sd, Math.max(Math.abs(median[c]!), sd));
    else values[at] = x + size * sd;
  }
}

function pick(random: Random, from: readonly number[], count: number): number[] {
  const left = from.slice();
  const picked: number[] = [];
  while (picked.length < count && left.length > 0) picked.push(left.splice(random.below(left.length), 1)[0]!);
  return picked;
}
