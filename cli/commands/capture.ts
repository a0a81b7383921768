import { InvalidArgumentError } from 'commander';
import { type Bound, parseBound } from '../../scenarios/capture/ranges.ts';
import { type AddCommand, examples } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { colours } from '../ui/colours.ts';
import { partitionNumber } from '../ui/numbers.ts';
import { print, printJson } from '../ui/output.ts';

interface Options {
  topic: string;
  partition?: number;
  from: Bound;
  to: Bound;
  out: string;
  stream?: string;
  control: boolean;
  file?: string;
  json?: boolean;
}

export const captureCommand: AddCommand = (program) => {
  program
    .command('capture')
    .description('Write a topic to recordings, one a partition, with what changed its detection on the way.')
    .requiredOption('-t, --topic <topic>', 'topic to read')
    .requiredOption('-o, --out <path>', 'file for one partition, folder for several (TOPIC-N.recording.gz)')
    .option('-p, --partition <n>', 'only this partition', partitionNumber)
    .option('--from <offset|time>', 'where to begin: an offset, a time, or start', bound, 'start')
    .option('--to <offset|time>', 'where to end, exclusive: an offset, a time, or end', bound, 'end')
    .option(
      '-s, --stream <name>',
      'stream whose configuration and control entries are taken, if several read the topic',
    )
    .option('--no-control', 'leave control entries and models out: a replay then trains a model of its own')
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      `
Control entries (model switches, serving modes, silence) come from PostgreSQL, with the models they name, where
database.url is configured. A capture from the start of the log then replays to the very verdicts of the workers. One
that begins later has the model of its time but not the windows before it, so its first verdicts may differ.
Times are those of the log. Nothing is left behind unless it is whole.
${examples(
  ['tidewatch capture --topic telemetry --out day/', 'all partitions, each to day/telemetry-N.recording.gz'],
  ['tidewatch capture -t telemetry -p 3 -o p3.recording.gz', 'one partition to one file'],
  ['tidewatch capture -t telemetry -o hour/ --from 2026-01-05T12:00Z --to 2026-01-05T13:00Z', 'an hour of it'],
)}`,
    )
    .action(async (options: Options) => {
      const { config } = loadConfig({ file: options.file });
      const c = colours();
      // Loaded by this command alone: the others start without the clients of Kafka and PostgreSQL.
      const { captureTopic } = await import('../transfer/capture.ts');
      const summary = await captureTopic(config, {
        topic: options.topic,
        partition: options.partition ?? null,
        from: options.from,
        to: options.to,
        out: options.out,
        stream: options.stream ?? null,
        control: options.control,
        signal: stopOnSignal('Stopping: what is not whole is removed.'),
        onNotice: (message) => process.stderr.write(`${c.yellow(message)}\n`),
      });
      if (summary === null) {
        process.exitCode = EXIT.interrupted;
        return;
      }
      if (options.json) return printJson(summary);
      for (const { file, records, controlEntries } of summary.partitions)
        print(`${records} records${summary.controlled ? `, ${controlEntries} control entries` : ''} → ${file}`);
    });
};

function bound(text: string): Bound {
  const parsed = parseBound(text);
  if (parsed.ok) return parsed.value;
  throw new InvalidArgumentError(parsed.fault.detail);
}
