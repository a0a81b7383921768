import type { AblationRow } from './ablation.ts';
import { groupBy } from './groups.ts';
import type { Pack, PackSet } from './pack.ts';
import { figure, table } from './report-page.ts';

/** A difference counts as more than seed noise from so many standard deviations of it on. */
const NOISE_SDS = 2;
const FOREST = 'as shipped';
const TAILS = 'tail sum alone, without the forest';

const GROUPS: readonly [AblationRow['group'], string][] = [
  ['whole', 'The shipped detector'],
  ['without', 'What the forest adds, and what it is without its evidence'],
  ['left out', 'One ingredient left out'],
  ['alone', 'One kind of evidence alone'],
  ['trees', 'Trees × rows of a tree'],
  ['baseline', 'Baselines'],
];

export interface AblationFacts {
  configHash: string;
  codeVersion: string;
  machine: string;
  seeds: number;
  sets: readonly PackSet[];
  pack: Pack;
}

/** docs/quality.md. */
export function ablationPage(rows: readonly AblationRow[], facts: AblationFacts): string {
  const { sets, pack } = facts;
  const head = [
    '',
    ...sets.map((set) => `VUS-PR ${set}`),
    ...sets.map((set) => `best F1 ${set}`),
    'fit, ms',
    'µs a row',
    'model, KiB',
  ];
  const parts = [
    '# Detection quality: what each ingredient does',
    `<!-- Written by \`npm run bench:quality -- PACK\`; do not edit. -->`,
    `Configuration ${facts.configHash}, code ${facts.codeVersion}, data ${pack.dataHash} (${pack.split}), ${facts.machine}. ` +
      `One setting for all sets; means over entities, ± the standard deviation over ${facts.seeds} seeds. Every model is ` +
      'trained on the train file alone, and a row is judged by what came before it. F1 is not point-adjusted. Times are of ' +
      'one run and tell ratios, no more; a row is from its values to its score, without decoding and windows.',
    ...shareOfTheForest(rows, sets),
  ];
  for (const [group, title] of GROUPS) {
    const some = rows.filter((row) => row.group === group);
    if (some.length === 0) continue;
    parts.push(
      `## ${title}`,
      table(
        head,
        some.map((row) => [
          row.name,
          ...sets.map((set) => seedFigure(row.vusPr[set])),
          ...sets.map((set) => seedFigure(row.bestF1[set])),
          figure(row.fitMs, 0),
          figure(row.rowUs, 1),
          figure(row.modelBytes / 1024, 0),
        ]),
      ),
    );
  }
  parts.push(
    '## How to read it',
    'The sets have few entities, and many settings were looked at on them while the detector was designed: differences ' +
      'between entities are far larger than those between seeds, and small gains on these files flatter. Without cleaned history and without growth, the knots are those of the shipped detector. `tidewatch ' +
      'evaluate` reports the intervals over entities and families, the thresholds, delays and alert rates.',
    '## Data',
    'Published by others, and no part of this repository:',
    sources(pack, sets),
  );
  return `${parts.join('\n\n')}\n`;
}

const seedFigure = (f: { mean: number; sd: number } | undefined): string =>
  f === undefined ? '–' : `${figure(f.mean)}${f.sd > 0 ? ` ± ${figure(f.sd)}` : ''}`;

function shareOfTheForest(rows: readonly AblationRow[], sets: readonly PackSet[]): string[] {
  const whole = rows.find((row) => row.name === FOREST);
  const tails = rows.find((row) => row.name === TAILS);
  if (whole === undefined || tails === undefined) return [];
  const said = sets.map((set) => {
    const gain = whole.vusPr[set]!.mean - tails.vusPr[set]!.mean;
    const noise = NOISE_SDS * whole.vusPr[set]!.sd;
    const amount = `${gain >= 0 ? '+' : '−'}${Math.abs(gain).toFixed(3)}`;
    if (Math.abs(gain) <= noise) return `on ${set} ${amount}, which does not exceed seed noise (${noise.toFixed(3)})`;
    return `on ${set} ${amount}${gain < 0 ? ', so there the tails are better without it' : ''}`;
  });
  return [`**The forest's share** of VUS-PR, against the tail sum alone: ${said.join('; ')}.`];
}

function sources(pack: Pack, sets: readonly PackSet[]): string {
  const used = pack.files.filter(({ set }) => sets.includes(set));
  const lines = [...groupBy(used, ({ set }) => set).entries()].map(([set, files]) => {
    const named = new Set(files.map(({ source, licence }) => `${source} (${licence})`));
    return `- ${set}: ${[...named].join('; ')}`;
  });
  return lines.join('\n');
}
