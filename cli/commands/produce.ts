import { InvalidArgumentError } from 'commander';
import { type AddCommand, examples } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { colours } from '../ui/colours.ts';
import { partitionNumber, whole } from '../ui/numbers.ts';
import { print, printJson } from '../ui/output.ts';

interface Options {
  topic: string;
  speed: number;
  partition?: number;
  rebaseTime?: boolean;
  resume?: boolean;
  repeat: number;
  create?: number;
  file?: string;
  json?: boolean;
}

const MAX_PARTITIONS = 10_000;
const MAX_REPEAT = 1_000_000;

export const produceCommand: AddCommand = (program) => {
  program
    .command('produce <recordings...>')
    .description('Send recorded telemetry to a topic, at its original pace, a multiple of it, or as fast as possible.')
    .requiredOption('-t, --topic <topic>', 'topic to send to')
    .option('--speed <pace>', 'max, original, or how many times the original pace', speed, Number.POSITIVE_INFINITY)
    .option('-p, --partition <n>', 'send all to this partition (default: by key)', partitionNumber)
    .option('--rebase-time', 'move event times so that what is sent happens now (Tidewatch JSON alone)')
    .option(
      '--repeat <n>',
      'send it so many times; with --rebase-time each goes on where the one before ended',
      whole(1, MAX_REPEAT),
      1,
    )
    .option('--resume', 'go on where an interrupted run stopped')
    .option('--create <partitions>', 'make the topic if there is none', whole(1, MAX_PARTITIONS))
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      `
Records keep their key. One without a key is keyed by its entity; one without a key that holds several entities becomes
one record an entity if it is Tidewatch JSON, and is sent as it is otherwise. Several recordings are sent in the order
in which their records were appended. Progress is kept in the data folder after each acknowledged batch. What is sent
twice, since an acknowledgement was lost, does no harm: points have identities, and the second ones are duplicates.
${examples(
  ['tidewatch produce day.recording.gz --topic telemetry', 'as fast as the brokers take it'],
  ['tidewatch produce day/*.recording.gz -t copy --create 4', 'all partitions of a capture, to a new topic of four'],
  ['tidewatch produce day.recording.gz -t telemetry --speed original --rebase-time', 'as if it happened now'],
  ['tidewatch produce day.recording.gz -t telemetry --speed 60', 'an hour a minute'],
)}`,
    )
    .action(async (recordings: string[], options: Options) => {
      const { config } = loadConfig({ file: options.file });
      const c = colours();
      const say = (message: string) => process.stderr.write(`${c.yellow(message)}\n`);
      // Loaded by this command alone: the others start without the client of Kafka.
      const { produceRecordings } = await import('../transfer/produce.ts');
      const summary = await produceRecordings(config, {
        recordings,
        topic: options.topic,
        speed: options.speed,
        partition: options.partition ?? null,
        rebaseTime: options.rebaseTime === true,
        resume: options.resume === true,
        repeat: options.repeat,
        create: options.create ?? null,
        signal: stopOnSignal('Stopping after the batch that is under way; once more ends at once.'),
        onNotice: say,
      });
      const { records, bytes, seconds, counts, finished } = summary;
      if (counts.unsplit > 0)
        say(
          `${counts.unsplit} records have no key and hold several entities, so one entity may be on several partitions: ` +
            'its windows are then scored in pieces. Send with --partition, or let the sender set keys.',
        );
      if (counts.tooLarge > 0) say(`${counts.tooLarge} records are larger than a worker reads, and were left out.`);
      if (!finished) process.exitCode = EXIT.interrupted;
      if (options.json) return printJson(summary);
      const rate = seconds > 0 ? Math.round(records / seconds) : records;
      print(
        `${records} records, ${(bytes / 1e6).toFixed(1)} MB → ${options.topic} in ${seconds.toFixed(1)} s ` +
          `(${rate} records/s, ${(bytes / 1e6 / Math.max(seconds, 1e-3)).toFixed(1)} MB/s)`,
      );
      if (!finished) print(`Interrupted. To go on:\n  ${resumeCommand(recordings, options)}`);
    });
};

function resumeCommand(recordings: readonly string[], options: Options): string {
  const { speed, partition, repeat } = options;
  return [
    'tidewatch produce',
    ...recordings.map(quoted),
    `--topic ${quoted(options.topic)}`,
    ...(Number.isFinite(speed) ? [`--speed ${speed}`] : []),
    ...(partition === undefined ? [] : [`--partition ${partition}`]),
    ...(options.rebaseTime ? ['--rebase-time'] : []),
    ...(repeat > 1 ? [`--repeat ${repeat}`] : []),
    ...(options.file === undefined ? [] : [`--file ${quoted(options.file)}`]),
    '--resume',
  ].join(' ');
}

/** As a shell takes it for one word. */
const quoted = (text: string): string => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function speed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const times = text === 'original' ? 1 : /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (times > 0 && Number.isFinite(times)) return times;
  throw new InvalidArgumentError('max, original, or a number above 0 is wanted.');
}
