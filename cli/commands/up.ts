import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../core/clock.ts';
import { type AddCommand, examples } from '../command.ts';
import { up } from '../embedded/up.ts';
import { loadConfig } from '../load-config.ts';
import { print } from '../ui/output.ts';
import { version } from '../version.ts';

interface Options {
  file?: string;
}

export const upCommand: AddCommand = (program) => {
  program
    .command('up')
    .description('Run everything in one process: log, database, sources and the console.')
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .addHelpText(
      'after',
      examples(
        ['tidewatch up', 'all defaults, the console on http://127.0.0.1:8484'],
        ['TIDEWATCH_PORT=9000 tidewatch up', 'on another port'],
        ['TIDEWATCH__SOURCES__DEMO__ENABLED=false tidewatch up', 'without the demo fleet'],
      ),
    )
    .action(async (options: Options) => {
      const { config } = loadConfig({ file: options.file });
      mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
      const file = path.join(config.dataDir, 'tidewatch.log');
      const destination = pino.destination({ dest: file, sync: false, mkdir: true });
      const logger = pino(
        { level: config.logLevel, redact: ['*.token', '*.url', 'req.headers.authorization'] },
        destination,
      );
      const stop = new AbortController();
      const onSignal = () => {
        // A second signal ends at once; nothing acknowledged is lost by that.
        if (stop.signal.aborted) process.exit(130);
        stop.abort();
      };
      process.on('SIGINT', onSignal);
      process.on('SIGTERM', onSignal);
      await up({ config, clock: systemClock, logger, say: print, signal: stop.signal, version: version() });
      destination.flushSync();
    });
};
