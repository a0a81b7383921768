import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProcess } from '../lib/child.ts';
import { type BenchSection, within } from '../lib/section.ts';
import type { LatencyFigures } from './child.ts';

const GOAL_MS = 50;
/** At least two boundaries are measured, one is for warming up. */
const LENGTHS = { quick: [13, 20], full: [22, 30] } as const;

/** From the scheduled send of the record that closes a window to its durable verdict, embedded. */
export async function latencyBench(quick: boolean): Promise<BenchSection> {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-bench-'));
  try {
    const lengths = LENGTHS[quick ? 'quick' : 'full'];
    return latencySection(await inProcess<LatencyFigures>(join(import.meta.dirname, 'child.ts'), [...lengths, dir]));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function latencySection(f: LatencyFigures): BenchSection {
  const told = (what: string, ours: number) => ({ ...within(what, 'ms', ours, GOAL_MS), goal: '', met: null });
  return {
    name: 'Latency',
    rows: [
      told('record that closes the window to durable verdict, p50', f.p50Ms),
      within('the same, p99', 'ms', f.p99Ms, GOAL_MS),
      told('the same, p99.9', f.p999Ms),
      told('longest flush', f.flushMs),
      told('longest checkpoint', f.checkpointMs),
    ],
    notes: [
      `5,000 points/s in records of 5 values from 1,000 entities, sent on a schedule whatever the answer; all windows end together. ${f.verdicts} verdicts at ${f.boundaries} boundaries, ${f.checkpoints} checkpoints meanwhile.`,
      `File log with fsync; PostgreSQL embedded with ${Object.entries(f.settings)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}. Sender, fold and database share the machine.`,
    ],
  };
}
