import { InvalidArgumentError } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { type AddCommand, examples } from '../command.ts';
import { DEFAULT_FILE } from '../load-config.ts';
import { KAFKA_VERSION } from '../services/kafka-jars.ts';
import { WATCHERS, type Watcher } from '../services/prometheus-programs.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { whole } from '../ui/numbers.ts';
import { print } from '../ui/output.ts';

const DEFAULT_DIR = '.tidewatch/services';
const PARTITIONS = 4;
const PARTITIONS_MAX = 256;
const PART_WIDTH = 12;

interface Options {
  config: string;
  force?: boolean;
  dir: string;
  kafkaPort?: number;
  kafkaVersion: string;
  partitions: number;
  with: ReadonlySet<Watcher>;
}

function besides(text: string): ReadonlySet<Watcher> {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !WATCHERS.some((watcher) => watcher === name));
  if (unknown === undefined) return new Set(names as Watcher[]);
  throw new InvalidArgumentError(`${WATCHERS.join(' and ')} are there to run beside; ${unknown} is not.`);
}

export const servicesCommand: AddCommand = (program) => {
  program
    .command('services')
    .description('Run Kafka and PostgreSQL here, without Docker, ready for worker, produce and doctor.')
    .option('-c, --config <file>', 'configuration to write for the other commands, unless it exists', DEFAULT_FILE)
    .option('--force', 'write the configuration over one that exists')
    .option('--dir <folder>', 'folder of all data', DEFAULT_DIR)
    .option(
      '--kafka-port <port>',
      'port of Kafka (default: the one it had, else 9092, else a free one)',
      whole(1, 65_535),
    )
    .option('--kafka-version <version>', 'Kafka to run', KAFKA_VERSION)
    .option('--partitions <count>', 'partitions of topics that are not there yet', whole(1, PARTITIONS_MAX), PARTITIONS)
    .option(
      '--with <names>',
      'run these too: prometheus, alertmanager, or both with a comma between',
      besides,
      new Set(),
    )
    .addHelpText(
      'after',
      `
Kafka runs from its own jars: it needs Java 17 or newer, and at the first start Apache Maven to fetch them (55 MB, kept
in node_modules/.cache; TIDEWATCH_KAFKA_CACHE names another folder). PostgreSQL comes with npm.
Prometheus and Alertmanager are those of PATH, else Debian's packages, unpacked into node_modules/.cache (apt and dpkg do
it without rights; TIDEWATCH_PROGRAMS_CACHE names another folder). They have the rules of the configuration's triggers.
It stays in the foreground; Ctrl-C stops all of it, and the next start goes on with the same data.
${examples(
  ['tidewatch services', 'then, in another shell: tidewatch doctor'],
  ['tidewatch services --kafka-port 19092', 'with Kafka on a port of your choice'],
  ['tidewatch services --config kafka.yaml', 'beside a tidewatch.yaml of your own'],
  ['tidewatch services --with prometheus,alertmanager', 'with alert rules, which call the monitor'],
  ['tidewatch services --kafka-version 3.9.1 --dir /tmp/old', 'another Kafka, with data of its own'],
)}`,
    )
    .action(async (options: Options) => {
      // Loaded by this command alone: the others start without the client of Kafka.
      const { services } = await import('../services/services.ts');
      await services({
        dir: options.dir,
        configFile: options.config,
        force: options.force === true,
        kafkaVersion: options.kafkaVersion,
        kafkaPort: options.kafkaPort ?? null,
        partitions: options.partitions,
        beside: options.with,
        clock: systemClock,
        say: (part, line) => print(`${part.padEnd(PART_WIDTH)} ${line}`),
        signal: stopOnSignal('Stopping: everything ends in good order; once more ends at once.'),
      });
      print('Stopped. The next start goes on with the same data.');
    });
};
