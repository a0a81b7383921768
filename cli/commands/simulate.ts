import { type AddCommand, examples } from '../command.ts';
import { readPolicy } from '../policy-file.ts';
import { simulated } from '../simulated.ts';
import { print, printJson } from '../ui/output.ts';

interface Options {
  policy: string;
  from: string;
  file?: string;
  json?: boolean;
}

export const simulateCommand: AddCommand = (program) => {
  program
    .command('simulate')
    .description(
      'Say what a policy would have decided on what was recorded, and how that differs from what was decided.',
    )
    .requiredOption('--policy <file>', 'keys of streams[].policy as YAML or JSON, or a whole configuration')
    .requiredOption(
      '--from <source>',
      'a recording, what `scenario run --out` wrote, or event time of the database: 7d, FROM..TO',
    )
    .option('-f, --file <file>', 'configuration of the running process, for the database')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        ['tidewatch simulate --policy policy.yaml --from DIR', 'on the runs of scenarios'],
        [
          'tidewatch simulate --policy policy.yaml --from test/recordings/fleet.recording.gz',
          'a recording is replayed with a grain that fits its length',
        ],
        ['tidewatch simulate --policy policy.yaml --from 7d', 'on the last seven days of the running process'],
        [
          'tidewatch simulate --policy policy.yaml --from 2026-01-05..2026-01-12T06:00Z',
          'between two times, UTC; what was taken is kept as long as observations are',
        ],
      ),
    )
    .action(async ({ policy, from, file, json }: Options) => {
      const results = await simulated(await readPolicy(policy), from, file);
      if (json) return printJson(results);
      for (const { name, looks, decisions, compared, notes } of results) {
        print(`${name}: ${looks} looks, ${decisions.length} decisions`);
        for (const { id, atMs, action, result, trigger, reason } of decisions) {
          const by = trigger === null ? '' : ` by ${trigger}`;
          print(`  ${new Date(atMs).toISOString()} ${id}: ${action}${by}, ${result}. ${reason}`);
        }
        if (compared.same) print('  the same, to the letter, as under the policy that was in force');
        else {
          print('  against the policy that was in force (− only then, + only now, ≠ otherwise):');
          for (const line of compared.lines) print(`    ${line}`);
        }
        for (const note of notes) print(`  note: ${note}`);
      }
    });
};
