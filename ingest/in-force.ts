import type { ControlEntry } from '../core/types.ts';

/**
 * The entries that a fold without a past needs to serve from an offset on: of those that are due the newest of each
 * kind, because each kind replaces what it said before; then all that come later.
 */
export function inForce(entries: readonly ControlEntry[], offset: number): ControlEntry[] {
  const newest = new Map<string, ControlEntry>();
  for (const entry of entries) if (entry.offset <= offset) newest.set(entry.kind, entry);
  return entries.filter((entry) => entry.offset > offset || newest.get(entry.kind) === entry);
}
