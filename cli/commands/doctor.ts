import { type Clock, systemClock } from '../../core/clock.ts';
import { parseConfig } from '../../core/config/parse.ts';
import type { Config } from '../../core/config/root.ts';
import { orThrow, TidewatchError } from '../../core/errors.ts';
import { type AddCommand, examples } from '../command.ts';
import { bad, type Check, type CheckResult, type DoctorContext } from '../doctor/check.ts';
import { CHECKS, WORKER_CHECKS } from '../doctor/checks.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { colours } from '../ui/colours.ts';
import { print, printJson } from '../ui/output.ts';

export const doctorCommand: AddCommand = (program) => {
  program
    .command('doctor')
    .description('Look for whatever would keep Tidewatch from running here, and say what to do about it.')
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .option('--kafka', 'look at what workers need, whatever the configuration says')
    .option('--no-kafka', 'look at what `up` needs, whatever the configuration says')
    .option('--json', 'for scripts: a list of {name, status, found, remedy}; status is ok, warn, fail or skip')
    .addHelpText(
      'after',
      `
With any key of kafka.* in the configuration or the environment it looks at what \`tidewatch worker\` needs: Kafka, its
topics and its group, PostgreSQL, the models. Otherwise at what \`tidewatch up\` needs: its folders and its own PostgreSQL.
Node.js, the configuration, the port and the clock are looked at in both. Nothing is changed anywhere.
${examples(
  ['tidewatch doctor', 'exits 1 when something must be mended'],
  ['TIDEWATCH_PORT=9000 tidewatch doctor', 'whether that port is free'],
  ['TIDEWATCH_BROKERS=kafka-1:9092 tidewatch doctor', 'whether workers could run with that broker'],
)}`,
    )
    .action(async (options: { file?: string; kafka?: boolean; json?: boolean }) => {
      const { config, hasKafka } = usable(options.file);
      const context = { config, file: options.file, nowMs: systemClock.now() };
      const results = (options.kafka ?? hasKafka) ? await examineWorker(context) : await examine(CHECKS, context);
      if (options.json) printJson(results);
      else tell(results);
      if (results.some((r) => r.status === 'fail')) process.exitCode = EXIT.different;
    });
};

/** What a worker needs. Loaded by this setting alone: the other starts without the clients of Kafka and PostgreSQL. */
export async function examineWorker(context: DoctorContext, clock: Clock = systemClock): Promise<NamedResult[]> {
  const { KafkaFacts } = await import('../doctor/kafka/facts.ts');
  const { kafkaChecks } = await import('../doctor/kafka/checks.ts');
  const facts = new KafkaFacts(context.config, clock);
  try {
    return await examine([...WORKER_CHECKS, ...kafkaChecks(facts)], context);
  } finally {
    await facts.close();
  }
}

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
    for (const one of [result].flat()) results.push({ name: check.name, ...one });
  }
  return results;
}

/** A broken file is told by the check of the configuration; the other checks then look at the defaults. */
function usable(file: string | undefined): { config: Config; hasKafka: boolean } {
  try {
    const { config, input } = loadConfig({ file });
    return { config, hasKafka: Object.keys(input.kafka ?? {}).length > 0 };
  } catch (error) {
    if (!(error instanceof TidewatchError)) throw error;
    return { config: orThrow(parseConfig()).config, hasKafka: false };
  }
}

function tell(results: readonly NamedResult[]): void {
  const c = colours();
  const marks = { ok: c.green('ok  '), warn: c.yellow('warn'), fail: c.red('FAIL'), skip: c.dim('  – ') };
  const width = Math.max(...results.map((r) => r.name.length));
  for (const { name, status, found, remedy } of results) {
    print(`${marks[status]}  ${name.padEnd(width)}  ${found}`);
    if (remedy) print(`      ${' '.repeat(width)}  ${c.bold('→')} ${remedy}`);
  }
}
