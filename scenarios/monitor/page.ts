import { SCENARIOS } from './catalogue/index.ts';

/** docs/reference/scenarios.md, from the catalogue. */
export function scenariosPage(): string {
  const lines = [
    '# Scenarios',
    '',
    '<!-- Generated from scenarios/monitor/catalogue by `npm run docs`. -->',
    '',
    'A scenario tells a story of the monitor from end to end, in event time and in memory: telemetry with a timeline of',
    'faults, the fold that serves, the monitor that decides, and what must come of it. A month takes seconds.',
    '`tidewatch scenario run NAME` tells one and checks it; magnitudes, entities and starts come from the seed. Each is',
    'told again without its trouble, and must then end otherwise.',
    '',
    'The telemetry is that of a synthetic fleet: twelve nodes with six metrics each and a course of the day. With `--pack`,',
    'those marked so are told of recorded telemetry too: whole recorded days, dealt again in an order that the seed draws.',
    '',
    '| scenario | what happens | history and service | recorded too |',
    '|---|---|---|---|',
    ...SCENARIOS.map(
      ({ name, title, historyDays, days, recorded }) =>
        `| [\`${name}\`](#${name}) | ${title} | ${historyDays} d and ${days} d | ${recorded ? 'yes' : 'no'} |`,
    ),
    '',
  ];
  for (const { name, title, story } of SCENARIOS) lines.push(`## ${name}`, '', `${title}. ${story}`, '');
  lines.push(
    '## What a run leaves',
    '',
    'With `--out DIR`, `DIR/NAME/SOURCE-SEED` has `ledger.jsonl` (a decision a line), `evidence/` (what each decision was made',
    'of, under its hash), `observations.jsonl` (what the monitor saw, a grain a line), `models/` and `report.md`;',
    '`DIR/scoreboard.md` has the table. `tidewatch explain decision ID --from DIR` computes a decision again from its evidence,',
    '`tidewatch ledger verify --from DIR` checks the chain, and `tidewatch simulate --policy FILE --from DIR` says what another',
    'policy would have decided.',
    '',
  );
  return lines.join('\n');
}
