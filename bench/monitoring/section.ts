import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LatencyFigures } from '../latency/child.ts';
import { inProcess } from '../lib/child.ts';
import { type BenchRow, type BenchSection, versus } from '../lib/section.ts';
import type { MonitoringFigures } from './child.ts';

const ENTITIES = 1_000;
/** Of the throughput without it. */
const THROUGHPUT = 0.95;
/** Times the p99 without a training. */
const DURING = 1.2;

/** What watching itself costs: counting for the monitor, a challenger beside the champion, a training beside verdicts. */
export async function monitoringBench(quick: boolean): Promise<BenchSection> {
  const counted = await inProcess<MonitoringFigures>(join(import.meta.dirname, 'child.ts'), [
    ENTITIES,
    quick ? 10 : 40,
    quick ? 6 : 12,
  ]);
  const dir = mkdtempSync(join(tmpdir(), 'tidewatch-bench-'));
  try {
    const child = join(import.meta.dirname, '../latency/child.ts');
    return monitoringSection(counted, await inProcess<LatencyFigures>(child, [22, quick ? 40 : 80, dir, 'train']));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function monitoringSection(f: MonitoringFigures, latency: LatencyFigures): BenchSection {
  const { training } = latency;
  const during: BenchRow[] =
    training === null
      ? []
      : [
          {
            what: 'p99 to the durable verdict while a model is trained, against the time without',
            ours: training.p99Ms,
            reference: latency.p99Ms,
            ratio: latency.p99Ms / training.p99Ms,
            unit: 'ms',
            goal: `≤ ${DURING} × its time`,
            met: training.p99Ms <= DURING * latency.p99Ms,
          },
        ];
  return {
    name: 'Watching itself',
    rows: [
      versus('fold that counts for the monitor, against one that does not', 'ns', f.countedNs, f.plainNs, THROUGHPUT),
      versus('the same with a challenger that judges every window too', 'ns', f.challengedNs, f.plainNs),
      ...during,
    ],
    notes: [
      `${ENTITIES.toLocaleString('en')} entities with 5 metrics; CPU time a point, medians of rounds that take turns in one process, each first as often. ${f.profiles} interval profiles of ${Math.round(f.profileBytes / Math.max(1, f.profiles) / 1000)} KB came out.`,
      ...(training === null
        ? []
        : [
            `${training.trainings} trainings, ${training.failed} of them failed, each on the windows of an hour that it read from the database by itself, in a thread of the lowest priority: ${training.verdicts} verdicts came meanwhile, ${latency.verdicts} before. Sender, fold, training and database share the machine.`,
          ]),
    ],
  };
}
