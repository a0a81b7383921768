import { FIGURES, type Figure } from './figures.ts';
import type { Report } from './report.ts';
import { DETECTORS, type Detector, type Estimate, type SetReport } from './summary.ts';

const TITLES: Record<Detector, string> = { tidewatch: '**Tidewatch**', robust_z: 'robust z', random: 'random' };
/** Its few events are so long that a random score reaches a good F1: only what ranks rows means something. */
const LONG_EVENTS = 'smapmsl';
const SHOWN: readonly Figure[] = [
  'vus_pr',
  'pr_auc',
  'roc_auc',
  'precision_at_k',
  'best_f1',
  'composite_f1',
  'event_f1',
  'delay_mean',
];
const AT_THRESHOLD: readonly Figure[] = [
  'f1_at_threshold',
  'event_f1_at_threshold',
  'event_recall_at_threshold',
  'delay_at_threshold',
  'false_alarms_per_day',
];

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

export const figure = (x: number, digits = 3): string => (Number.isFinite(x) ? x.toFixed(digits) : '–');
const span = ({ interval: [low, high] }: Pick<Estimate, 'interval'>): string =>
  Number.isFinite(low) ? ` (${figure(low, 2)}–${figure(high, 2)})` : '';

/** The report for people. */
export function reportPage(report: Report): string {
  const { run, evaluation } = report;
  const parts = [
    '# Detection quality',
    `Configuration ${run.config_hash}, code ${run.code_version}, data ${run.data_hash} (${run.split || 'no split named'}), ` +
      `${run.seeds.length} seed${run.seeds.length === 1 ? '' : 's'}. Figures are of the first seed, means over entities, ` +
      'with 95 % bootstrap intervals in brackets. Nothing is point-adjusted.',
  ];
  if (report.findings.length > 0) parts.push('## To know first', report.findings.map((f) => `- ${f}`).join('\n'));
  for (const set of evaluation.sets) parts.push(...setParts(set));
  if (evaluation.nab !== null) {
    parts.push(
      '## nab',
      table(
        ['profile', ...DETECTORS.map((d) => TITLES[d]), 'seeds'],
        Object.entries(evaluation.nab).map(([profile, scores]) => [
          profile,
          ...DETECTORS.map((d) => figure(scores[d].score, 2)),
          scores.seeds.map((x) => figure(x, 1)).join(', '),
        ]),
      ),
    );
  }
  if (evaluation.tables.length > 0) {
    parts.push(
      '## adbench',
      'The forest alone: fitted to all rows of a table without their labels, ROC-AUC over five seeds.',
      table(
        [
          'table',
          'rows',
          'ROC-AUC',
          'sd',
          run.sklearn === null ? 'scikit-learn' : `scikit-learn ${run.sklearn}`,
          'tolerance',
          'within',
        ],
        evaluation.tables.map(({ table: name, rows, mean, sd, reference }) => [
          name,
          String(rows),
          figure(mean, 4),
          figure(sd, 4),
          reference === null ? '–' : figure(reference.mean, 4),
          reference === null ? '–' : figure(reference.tolerance, 4),
          reference === null ? '–' : reference.within ? 'yes' : '**no**',
        ]),
      ),
    );
  }
  if (evaluation.worst.length > 0) {
    parts.push(
      '## Windows to look at',
      'Where the detector contradicts the labels most. Either may be wrong.',
      table(
        ['what', 'entity', 'time', 'severity', 'decades', 'evidence'],
        evaluation.worst.map((w) => [
          w.kind,
          w.entity,
          w.time,
          figure(w.severity, 2),
          figure(w.decades, 1),
          w.evidence,
        ]),
      ),
    );
  }
  return `${parts.join('\n\n')}\n`;
}

function setParts(set: SetReport): string[] {
  const ranking = set.set === LONG_EVENTS;
  const shown: readonly Figure[] = ranking ? ['vus_pr', 'pr_auc'] : SHOWN;
  const parts = [
    `## ${set.set}`,
    `${set.entities} entities, ${set.scored} of them with anomalies, in ${set.families} families. Forest verdicts: ` +
      `${figure(100 * set.forestShare, 1)} % of rows. Training ${figure(set.trainMs, 0)} ms an entity, ` +
      `${figure(set.rowUs, 1)} µs a row from record to verdict, artifact at most ${Math.ceil(set.artifactBytes / 1024)} KiB.`,
    table(
      ['by entity', ...shown.map((f) => FIGURES[f])],
      DETECTORS.map((d) => [
        TITLES[d],
        ...shown.map((f) => figure(set.byEntity[d][f].mean) + span(set.byEntity[d][f])),
      ]),
    ),
    table(
      ['by family', ...shown.map((f) => FIGURES[f])],
      DETECTORS.map((d) => [
        TITLES[d],
        ...shown.map((f) => figure(set.byFamily[d][f].mean) + span(set.byFamily[d][f])),
      ]),
    ),
    `Over the seeds: VUS-PR ${figure(set.seeds.vus_pr.mean)} ± ${figure(set.seeds.vus_pr.sd)}, ` +
      `PR-AUC ${figure(set.seeds.pr_auc.mean)} ± ${figure(set.seeds.pr_auc.sd)}.`,
  ];
  if (!ranking) {
    parts.push(
      table(
        ['threshold from training', ...AT_THRESHOLD.map((f) => FIGURES[f])],
        DETECTORS.map((d) => [
          TITLES[d],
          ...AT_THRESHOLD.map((f) => figure(set.byEntity[d][f].mean, 2) + span(set.byEntity[d][f])),
        ]),
      ),
    );
  }
  const { configured, observed, ratio, kept } = set.alertRate;
  parts.push(
    `Alert rate on normal rows: ${figure(observed, 5)} observed, ${configured} configured, ratio ${figure(ratio, 2)}` +
      `${span(set.alertRate)}${kept ? '' : ': outside of what counts as kept'}. The threshold adapts, so a ratio near 1 is its doing and proves no calibration.`,
  );
  return parts;
}
