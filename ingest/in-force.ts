import type { ControlEntry } from '../core/types.ts';

type Named<K extends ControlEntry['kind']> = Extract<ControlEntry, { kind: K }>;

/** What a fold would have in force, and the entries that lead a fresh one there. */
interface InForce {
  championId: string;
  /** The newest `model` entry. */
  crowned: Named<'model'> | null;
  challengerId: string;
  /** Entries that a fresh fold needs to have this challenger, the newest `model` entry aside. */
  challenged: ControlEntry[];
  /** The newest entry that changed no more than a share. */
  shareOnly: ControlEntry | null;
  /** Swaps of champion and challenger since another model came; two in a row lead back, so two at most are needed. */
  swaps: ControlEntry[];
  /** By model: the newest calibration that reached it. */
  calibrations: Map<string, ControlEntry>;
}

/**
 * The entries that a fold without a past needs to serve from an offset on: of those that are due the newest of each kind,
 * because each kind replaces what it said before, with those that a challenger comes from; then all that come later. A
 * former champion is challenger because of the entries that made it champion, and the other one champion after it.
 */
export function inForce(entries: readonly ControlEntry[], offset: number): ControlEntry[] {
  const newest = new Map<string, ControlEntry>();
  let last: ControlEntry | null = null;
  const force: InForce = {
    ...{ championId: '', crowned: null, challengerId: '', challenged: [], shareOnly: null, swaps: [] },
    calibrations: new Map(),
  };
  for (const entry of entries) {
    if (entry.offset > offset) continue;
    newest.set(entry.kind, entry);
    last = entry;
    if (entry.kind === 'model') crown(force, entry);
    else if (entry.kind === 'challenger') challenge(force, entry);
    else if (
      entry.kind === 'calibration' &&
      (entry.modelId === force.championId || entry.modelId === force.challengerId)
    )
      force.calibrations.set(entry.modelId, entry);
  }
  // A challenger that was promoted since must not come back; one that was refused or withdrawn last still counts as folded.
  if (newest.get('challenger') !== last) newest.delete('challenger');
  const needed = new Set<ControlEntry>([...newest.values(), ...force.challenged]);
  const due = entries.filter((entry) => entry.offset <= offset && needed.has(entry));
  const later = entries.filter((entry) => entry.offset > offset);
  if (last === null) return later;
  // Its model may come by a later entry than the one it had then, so a calibration comes last, where both are there.
  const { offset: at, sequence } = last;
  const calibrations = [...force.calibrations.values()].map((entry) => ({ ...entry, offset: at, sequence }));
  return [...due.filter((entry) => !calibrations.length || entry.kind !== 'calibration'), ...calibrations, ...later];
}

function crown(force: InForce, entry: Named<'model'>): void {
  if (entry.modelId === force.challengerId) {
    const former = force.championId;
    const before = force.swaps.length === 0 && force.crowned !== null ? [force.crowned] : [];
    // A swap sets the share to 0, so what changed it before is not needed.
    const past = new Set<ControlEntry | null>([force.shareOnly, ...(force.swaps.length === 2 ? force.swaps : [])]);
    force.swaps = force.swaps.length === 2 ? [entry] : [...force.swaps, entry];
    force.challenged = [...before, ...force.challenged.filter((one) => !past.has(one)), entry];
    force.shareOnly = null;
    force.championId = entry.modelId;
    force.challengerId = former;
    if (former === '') withdraw(force);
  } else {
    force.calibrations.delete(force.championId);
    force.championId = entry.modelId;
    force.swaps = [];
  }
  force.crowned = entry;
}

function challenge(force: InForce, entry: Named<'challenger'>): void {
  if (entry.modelId === '' || entry.modelId === force.championId) return withdraw(force);
  // Of several changes of a share the newest counts; what made it challenger stays.
  if (entry.modelId !== force.challengerId) withdraw(force);
  else if (force.shareOnly === force.challenged.at(-1)) force.challenged.pop();
  force.shareOnly = entry.modelId === force.challengerId ? entry : null;
  force.challengerId = entry.modelId;
  force.challenged.push(entry);
}

function withdraw(force: InForce): void {
  if (force.challengerId !== '') force.calibrations.delete(force.challengerId);
  force.challengerId = '';
  force.challenged = [];
  force.swaps = [];
}
