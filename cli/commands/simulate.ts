import { type AddCommand, examples } from '../command.ts';
import { readPolicy } from '../policy-file.ts';
import { simulated } from '../simulated.ts';
import { print, printJson } from '../ui/output.ts';

interface Options {
  policy: string;
  from: string;
  json?: boolean;
}

export const simulateCommand: AddCommand = (program) => {
  program
    .command('simulate')
    .description(
      'Say what a policy would have decided on what was recorded, and how that differs from the shipped one.',
    )
    .requiredOption('--policy <file>', 'keys of streams[].policy, as YAML or JSON')
    .requiredOption('--from <recording|dir>', 'a recording, or what `scenario run --out` wrote')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        ['tidewatch simulate --policy policy.yaml --from DIR', 'on the runs of scenarios'],
        [
          'tidewatch simulate --policy policy.yaml --from test/recordings/fleet.recording.gz',
          'a recording is replayed with a grain that fits its length',
        ],
      ),
    )
    .action(async ({ policy, from, json }: Options) => {
      const results = await simulated(await readPolicy(policy), from);
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
