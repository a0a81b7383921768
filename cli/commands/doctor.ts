import { parseConfig } from '../../core/config/parse.ts';
import type { Config } from '../../core/config/root.ts';
import { orThrow, TidewatchError } from '../../core/errors.ts';
import { type AddCommand, examples } from '../command.ts';
import { bad, type Check, type CheckResult, type DoctorContext } from '../doctor/check.ts';
import { CHECKS } from '../doctor/checks.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { colours } from '../ui/colours.ts';
import { print, printJson } from '../ui/output.ts';

export const doctorCommand: AddCommand = (program) => {
  program
    .command('doctor')
    .description('Look for whatever would keep Tidewatch from running here, and say what to do about it.')
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .option('--json', 'for scripts: a list of {name, status, found, remedy}')
    .addHelpText(
      'after',
      examples(
        ['tidewatch doctor', 'exits 1 when something must be mended'],
        ['TIDEWATCH_PORT=9000 tidewatch doctor', 'whether that port is free'],
      ),
    )
    .action(async (options: { file?: string; json?: boolean }) => {
      const results = await examine(CHECKS, { config: usable(options.file), file: options.file, nowMs: Date.now() });
      if (options.json) printJson(results);
      else tell(results);
      if (results.some((r) => r.status === 'fail')) process.exitCode = EXIT.different;
    });
};

export type NamedResult = CheckResult & { name: string };

/** Runs every check; one that throws has failed and does not keep the others from being told. */
export async function examine(checks: readonly Check[], context: DoctorContext): Promise<NamedResult[]> {
  const results: NamedResult[] = [];
  for (const check of checks) {
    const result = await Promise.resolve()
      .then(() => check.run(context))
      .catch((error: unknown) =>
        bad(`could not be checked: ${error}`, 'Run again with --verbose, or look at the system.'),
      );
    results.push({ name: check.name, ...result });
  }
  return results;
}

/** A broken file is told by the check of the configuration; the other checks then look at the defaults. */
function usable(file: string | undefined): Config {
  try {
    return loadConfig({ file }).config;
  } catch (error) {
    if (!(error instanceof TidewatchError)) throw error;
    return orThrow(parseConfig()).config;
  }
}

function tell(results: readonly NamedResult[]): void {
  const c = colours();
  const marks = { ok: c.green('ok  '), warn: c.yellow('warn'), fail: c.red('FAIL') };
  const width = Math.max(...results.map((r) => r.name.length));
  for (const { name, status, found, remedy } of results) {
    print(`${marks[status]}  ${name.padEnd(width)}  ${found}`);
    if (remedy) print(`      ${' '.repeat(width)}  ${c.bold('→')} ${remedy}`);
  }
}
