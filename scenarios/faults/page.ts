import { formatDuration } from '../../core/config/duration.ts';
import { FAULTS } from './table.ts';

/** docs/reference/faults.md, from the table of faults. */
export function faultsPage(): string {
  const lines = [
    '# Faults',
    '',
    '<!-- Generated from scenarios/faults/table.ts by `npm run docs`. -->',
    '',
    'Faults can be put into the demo fleet from the console or with `tidewatch inject FAULT`, and into any stream of',
    'samples by `FaultInjector`. They go by event time: a fault strikes the samples of its entity between its start and',
    'its end, and nothing else. What a request leaves open is chosen for it: the entity by the seed, the metric by its',
    'name, the length and the magnitude as below. A magnitude of 1 is plain to see, 0.3 is subtle.',
    '',
    '| fault | what happens | strikes | lasts |',
    '|---|---|---|---|',
    ...FAULTS.map(
      (f) =>
        `| [\`${f.name}\`](#${f.name}) | ${f.description} | ${STRIKES[f.strikes]} | ${formatDuration(f.defaultDurationMs)} |`,
    ),
    '',
  ];
  for (const fault of FAULTS) {
    lines.push(
      `## ${fault.name}`,
      '',
      `${fault.title}. ${fault.description}`,
      '',
      `- Magnitude: ${fault.magnitude} Default: ${fault.defaultMagnitude}.`,
      `- Expect: ${fault.expect}`,
      `- Points: ${fault.dispositions}`,
      '',
    );
  }
  return lines.join('\n');
}

const STRIKES = { metric: 'one metric', sample: 'the entity', bytes: "the entity's records" } as const;
