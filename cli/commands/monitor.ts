import { pino } from 'pino';
import { systemClock } from '../../core/clock.ts';
import { type AddCommand, examples } from '../command.ts';
import { loadConfig } from '../load-config.ts';
import { runMonitor } from '../monitor/process.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { colours } from '../ui/colours.ts';
import { logLines } from '../ui/log-lines.ts';
import { version } from '../version.ts';
import { addControls } from './monitor-controls.ts';

export const monitorCommand: AddCommand = (program) => {
  const monitor = program
    .command('monitor')
    .description('Watch what workers make of their streams, and decide about models, until asked to stop.')
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .addHelpText(
      'after',
      `${examples(
        ['TIDEWATCH_PORT=8486 tidewatch monitor', 'beside a worker on the same machine'],
        ['tidewatch monitor status', 'what the running one makes of each stream'],
        ['tidewatch monitor suspend checkout', 'no more decisions about a stream, until resume'],
      )}

It reads the database of the workers; of several monitors one decides and the others stand by. Policies are read
again when the configuration changes; a text that is not valid is refused, and the last good policy stays.
http.port serves /health/live, /health/ready, /metrics, /api and POST /alerts. \`tidewatch up\` has a monitor of its own.
The subcommands call the process that http.port of the configuration, or TIDEWATCH_PORT, names.`,
    )
    .action(async (options: { file?: string }) => {
      const { config, file } = loadConfig({ file: options.file });
      const redact = ['*.token', '*.url', '*.password', '*.secret'];
      const logging = { level: config.logLevel, base: null, redact };
      const logger = process.stdout.isTTY ? pino(logging, logLines(process.stdout, colours())) : pino(logging);
      const signal = stopOnSignal('');
      await runMonitor({ config, file, clock: systemClock, logger, signal, version: version() });
      logger.info('stopped');
    });
  addControls(monitor);
};
