import { InvalidArgumentError } from 'commander';
import { type AddCommand, examples } from '../command.ts';
import { changes, EXPERIMENTS_DIR, FileExperimentStore, named } from '../experiments.ts';
import { colours } from '../ui/colours.ts';
import { print, printJson } from '../ui/output.ts';

interface Options {
  dir: string;
  json?: boolean;
  limit: number;
}

const DIR_OPTION = ['--dir <folder>', 'where runs are remembered', EXPERIMENTS_DIR] as const;
/** A change smaller than this is shown as none: the last digit of what is printed. */
const SMALLEST_CHANGE = 5e-5;

export const experimentsCommand: AddCommand = (program) => {
  const experiments = program
    .command('experiments')
    .description('List and compare what evaluate, train and replay have left on record.')
    .addHelpText(
      'after',
      examples(
        ['tidewatch experiments list', 'the newest runs'],
        ['tidewatch experiments diff 20260105 20260106', 'how every figure changed; the start of an id will do'],
      ),
    );

  experiments
    .command('list')
    .description('List runs, newest first.')
    .option(...DIR_OPTION)
    .option('--limit <n>', 'how many', positive, 20)
    .option('--json', 'for scripts')
    .addHelpText('after', examples(['tidewatch experiments list --json --limit 1', 'the newest run, all of it']))
    .action(async ({ dir, json, limit }: Options) => {
      const runs = await new FileExperimentStore(dir).list(limit);
      if (json) return printJson(runs);
      if (runs.length === 0) return print('No runs yet; `tidewatch evaluate PACK --out DIR` leaves one.');
      const c = colours();
      for (const run of runs) {
        const best = Object.entries(run.metrics)
          .filter(([name]) => name.startsWith('vus_pr/') || name === 'nab/standard')
          .map(([name, x]) => `${name} ${x.toFixed(3)}`)
          .join(', ');
        print(`${run.id}  ${run.verdict.padEnd(8)}  ${run.codeVersion}  ${best}`);
        if (run.hypothesis !== null) print(c.dim(`  ${run.hypothesis}`));
      }
    });

  experiments
    .command('diff')
    .description('Show how every figure changed from run A to run B.')
    .argument('<a>', 'id of a run, or its start')
    .argument('<b>', 'id of another')
    .option(...DIR_OPTION)
    .option('--json', 'for scripts')
    .addHelpText('after', examples(['tidewatch experiments diff 20260105 20260106', 'figures of both, and the change']))
    .action(async (a: string, b: string, { dir, json }: Options) => {
      const store = new FileExperimentStore(dir);
      const from = await named(store, a);
      const to = await named(store, b);
      const figures = changes(from, to);
      const differs = {
        config: from.configHash !== to.configHash,
        data: from.dataHash !== to.dataHash,
        code: from.codeVersion !== to.codeVersion,
        seed: from.seed !== to.seed,
      };
      if (json) return printJson({ from: from.id, to: to.id, differs, figures });
      const c = colours();
      const names = Object.entries(differs).flatMap(([what, other]) => (other ? [what] : []));
      print(
        `${from.id} → ${to.id}: ${names.length === 0 ? 'same configuration, data, code and seed' : `other ${names.join(', ')}`}`,
      );
      const width = Math.max(0, ...figures.map(({ metric }) => metric.length));
      for (const { metric, from: x, to: y, change } of figures) {
        const sign = change === null ? 'not in both' : Math.abs(change) < SMALLEST_CHANGE ? '=' : signed(change);
        print(`${metric.padEnd(width)}  ${text(x)}  ${text(y)}  ${sign === '=' ? c.dim(sign) : sign}`);
      }
    });
};

const text = (x: number | null): string => (x === null ? '–' : x.toFixed(4)).padStart(10);
const signed = (x: number): string => `${x > 0 ? '+' : ''}${x.toFixed(4)}`;

function positive(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('a whole number, 1 or more');
  return n;
}
