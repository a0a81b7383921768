import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { SCENARIOS } from '../../scenarios/monitor/catalogue/index.ts';
import { type Job, jobsOf } from '../../scenarios/monitor/job.ts';
import { tellAll } from '../../scenarios/monitor/pool.ts';
import { columns, scoreboard } from '../../scenarios/monitor/scoreboard.ts';
import { type AddCommand, examples } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { whole } from '../ui/numbers.ts';
import { print, printJson } from '../ui/output.ts';
import { progress } from '../ui/progress.ts';

const MAX_SEEDS = 1000;
const SCOREBOARD = 'scoreboard.md';

interface RunOptions {
  all?: boolean;
  seeds: number;
  seed: number;
  pack?: string;
  out?: string;
  json?: boolean;
}

export const scenarioCommand: AddCommand = (program) => {
  const scenario = program
    .command('scenario')
    .description('Tell stories of the monitor in event time, and check that each ends as it should.')
    .addHelpText(
      'after',
      examples(
        ['tidewatch scenario list', 'what there is'],
        ['tidewatch scenario run gradual-drift --out DIR', 'one story, with its ledger and a report'],
        ['tidewatch scenario run --all --seeds 3 --out DIR', 'all of them, three times each'],
      ),
    );

  scenario
    .command('list')
    .description('List the scenarios.')
    .option('--json', 'for scripts')
    .addHelpText('after', examples(['tidewatch scenario list', 'every story, by the name that `run` takes']))
    .action(({ json }: { json?: boolean }) => {
      if (json)
        return printJson(SCENARIOS.map(({ name, title, story, recorded }) => ({ name, title, story, recorded })));
      for (const line of columns(SCENARIOS.map(({ name, title }) => [name, title]))) print(line);
    });

  scenario
    .command('run')
    .description(
      'Run a scenario, or all, and hold what was decided against what was expected. Exit code 1: they differ.',
    )
    .argument('[name]', 'which; see `scenario list`')
    .option('--all', 'every scenario')
    .option('--seeds <n>', 'how often, each time with other magnitudes, entities and starts', whole(1, MAX_SEEDS), 1)
    .option('--seed <n>', 'the first seed', whole(1, 2 ** 31), 1)
    .option('--pack <dir>', 'labelled telemetry: half of the scenarios are told of recorded days too')
    .option('--out <dir>', 'folder for ledgers, evidence, observations and reports')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        ['tidewatch scenario run unit-change', 'says what was decided, and when'],
        ['tidewatch scenario run --all --pack PACK --out DIR', 'DIR/NAME/SOURCE-SEED has the ledger of each run'],
      ),
    )
    .action(async (name: string | undefined, options: RunOptions) => {
      const jobs = jobsOf(chosen(name, options.all === true), {
        seeds: Array.from({ length: options.seeds }, (_, i) => options.seed + i),
        pack: options.pack ?? null,
        out: options.out ?? null,
      });
      const summaries = await runAll(jobs);
      const lines = scoreboard(summaries);
      if (options.json) printJson(summaries);
      else for (const line of lines) print(line);
      if (options.out !== undefined)
        await writeFile(join(options.out, SCOREBOARD), `# Scenarios\n\n\`\`\`\n${lines.join('\n')}\n\`\`\`\n`);
      if (summaries.some(({ asExpected }) => !asExpected)) process.exitCode = EXIT.different;
    });
};

function chosen(name: string | undefined, all: boolean): string[] {
  if (all === (name !== undefined))
    throw new TidewatchError('request_invalid', 'give the name of a scenario, or --all; `scenario list` has the names');
  if (name === undefined) return SCENARIOS.map((scenario) => scenario.name);
  if (!SCENARIOS.some((scenario) => scenario.name === name))
    throw new TidewatchError('not_found', `scenario ${name}; there are ${SCENARIOS.map((s) => s.name).join(', ')}`);
  return [name];
}

async function runAll(jobs: readonly Job[]) {
  const bar = progress('scenarios', { total: jobs.length, unit: 'runs' });
  try {
    return await tellAll(jobs, stopOnSignal('Stopping.'), ({ scenario, source, seed }, done) =>
      bar.update(done, `${scenario}, ${source} ${seed}`),
    );
  } finally {
    bar.end();
  }
}
