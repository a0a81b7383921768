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
  const force: InForce = { championId: '', crowned: null, challengerId: '', challenged: [], calibrations: new Map() };
  for (const entry of entries) {
    if (entry.offset > offset) continue;
    newest.set(entry.kind, entry);
    if (entry.kind === 'model') crown(force, entry);
    else if (entry.kind === 'challenger') challenge(force, entry);
    else if (
      entry.kind === 'calibration' &&
      (entry.modelId === force.championId || entry.modelId === force.challengerId)
    )
      force.calibrations.set(entry.modelId, entry);
  }
  const needed = new Set<ControlEntry>([...newest.values(), ...force.challenged, ...force.calibrations.values()]);
  return entries.filter((entry) => entry.offset > offset || needed.has(entry));
}

function crown(force: InForce, entry: Named<'model'>): void {
  if (entry.modelId === force.challengerId) {
    const former = force.championId;
    force.challenged = [...(force.crowned === null ? [] : [force.crowned]), ...force.challenged, entry];
    force.championId = entry.modelId;
    force.challengerId = former;
    if (former === '') withdraw(force);
  } else {
    force.calibrations.delete(force.championId);
    force.championId = entry.modelId;
  }
  force.crowned = entry;
}

function challenge(force: InForce, entry: Named<'challenger'>): void {
  if (entry.modelId === '' || entry.modelId === force.championId) return withdraw(force);
  if (entry.modelId !== force.challengerId) withdraw(force);
  force.challengerId = entry.modelId;
  // Of several changes of a share the newest counts; the entries of a change of places before them stay.
  if (force.challenged.at(-1)?.kind === 'challenger') force.challenged.pop();
  force.challenged.push(entry);
}

function withdraw(force: InForce): void {
  if (force.challengerId !== '') force.calibrations.delete(force.challengerId);
  force.challengerId = '';
  force.challenged = [];
}
