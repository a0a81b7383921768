import { pino } from 'pino';
import { systemClock } from '../../core/clock.ts';
import { type AddCommand, examples } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { colours } from '../ui/colours.ts';
import { logLines } from '../ui/log-lines.ts';
import { version } from '../version.ts';
import { work } from '../worker/worker.ts';

/** A supervisor that asked for the end waits so long at most; what was not saved by then is read again. */
const STOP_WITHIN_MS = 9_000;
const LINGER_MS = 1_000;

export const workerCommand: AddCommand = (program) => {
  program
    .command('worker')
    .description('Serve partitions of Kafka topics, as one of any number of workers, until asked to stop.')
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .addHelpText(
      'after',
      `${examples(
        ['tidewatch worker', 'with the brokers, the database and the streams of tidewatch.yaml'],
        ['TIDEWATCH_PORT=8485 tidewatch worker', 'a second one on the same machine'],
        ['TIDEWATCH_BROKERS=kafka-1:9092,kafka-2:9092 tidewatch worker', 'on other brokers'],
      )}

Logs go to standard output, a JSON object a line; on a terminal, lines for people. http.port serves
/health/live, /health/ready and /metrics.
SIGTERM saves and leaves the group within ten seconds, exit code 0. Any other end is safe too: what was not
saved is read again. Any other exit code means: start it again.`,
    )
    .action(async (options: { file?: string }) => {
      const { config } = loadConfig({ file: options.file });
      const logging = { level: config.logLevel, base: null, redact: ['*.token', '*.url', '*.password'] };
      const logger = process.stdout.isTTY ? pino(logging, logLines(process.stdout, colours())) : pino(logging);
      const signal = stopOnSignal('');
      signal.addEventListener('abort', () => {
        logger.info('stops: saves and leaves the group');
        void systemClock.sleep(STOP_WITHIN_MS).then(() => {
          logger.warn('not everything was saved in time; it is read again');
          process.exit(EXIT.ok);
        });
      });
      await work({ config, clock: systemClock, logger, signal, version: version() }).catch((error) => {
        // kafkajs goes on looking for brokers that are away, and a worker that has given up must end all the same
        setTimeout(() => process.exit(), LINGER_MS).unref();
        throw error;
      });
      logger.info('stopped');
      process.exit(EXIT.ok);
    });
};
