import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProcess } from '../lib/child.ts';
import { type BenchSection, within } from '../lib/section.ts';
import type { MemoryFigures } from './child.ts';

const METRICS = 10;
/** The size that the limits are for, and the largest whose profiles an artifact holds. */
const FLEET = 10_000;
const MB = 1e6;
const MIB = 1 << 20;
const child = join(import.meta.dirname, 'child.ts');

export interface MemoryRun {
  entities: number;
  withModel: boolean;
  figures: MemoryFigures;
}

/** What a fleet costs in memory, each size in a process of its own. */
export async function memoryBench(quick: boolean): Promise<BenchSection> {
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-bench-'));
  const runs: MemoryRun[] = [];
  try {
    for (const entities of quick ? [1_000, FLEET] : [1_000, FLEET, 100_000]) {
      const model = join(dir, `model-${Math.min(entities, FLEET)}`);
      if (entities <= FLEET) await inProcess(child, ['make', entities, METRICS, model]);
      for (const file of [[model], []]) {
        const figures = await inProcess<MemoryFigures>(child, ['serve', entities, METRICS, ...file]);
        runs.push({ entities, withModel: file.length > 0, figures });
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return memorySection(runs);
}

export function memorySection(runs: readonly MemoryRun[]): BenchSection {
  const rows = runs.flatMap(({ entities, withModel, figures: f }) => {
    const who = `${entities.toLocaleString('en')} × ${METRICS}, ${withModel ? 'forest' : 'no model'}`;
    const limited = entities === FLEET && withModel;
    const told = (what: string, unit: string, ours: number, limit: number) =>
      limited
        ? within(`${who}: ${what}`, unit, ours, limit)
        : { ...within(`${who}: ${what}`, unit, ours, limit), goal: '', met: null };
    const model = [
      told('artifact', 'MB', f.artifactBytes / MB, 20),
      told('model in memory', 'MB', f.modelBytes / MB, 20),
    ];
    return [
      told('RSS of the process', 'MiB', f.rssBytes / MIB, 256),
      ...(withModel && entities <= FLEET ? model : []),
      { ...told('state of an entity', 'bytes', f.entityBytes, 0), goal: '', met: null },
    ];
  });
  return {
    name: 'Memory',
    rows,
    notes: [
      'Folded two windows of ten points a metric, with the third begun. RSS as it stands then, with garbage; the others are live bytes after a collection.',
      ...runs.map(
        ({ entities, withModel, figures: f }) =>
          `${entities.toLocaleString('en')} entities ${withModel ? 'with' : 'without'} a model: process at its start ${Math.round(f.baseRssBytes / MIB)} MiB; model loads and verifies in ${Math.round(f.loadMs)} ms; state saved in ${Math.round(f.saveMs)} ms, ${(f.stateBytes / MB).toFixed(1)} MB.`,
      ),
      `Beyond ${FLEET.toLocaleString('en')} entities the model holds the first ${FLEET.toLocaleString('en')}; the others learn their own level first.`,
    ],
  };
}
