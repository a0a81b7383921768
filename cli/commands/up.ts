import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../core/clock.ts';
import { type AddCommand, examples } from '../command.ts';
import { systemFault } from '../embedded/system-fault.ts';
import { up } from '../embedded/up.ts';
import { loadConfig } from '../load-config.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { print } from '../ui/output.ts';
import { version } from '../version.ts';

const LOG_MAX_BYTES = 8 * 1024 * 1024;

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
      const { config, file } = loadConfig({ file: options.file });
      const destination = openLogFile(config.dataDir);
      const logger = pino(
        { level: config.logLevel, redact: ['*.token', '*.url', 'req.headers.authorization'] },
        destination,
      );
      const signal = stopOnSignal('Stopping: saving what was read; once more ends at once.');
      await up({ config, file, clock: systemClock, logger, say: print, signal, version: version() });
      destination.flushSync();
      print('Stopped. The next start goes on from here.');
    });
};

/** tidewatch.log of the data directory; one that has grown large makes room first. */
function openLogFile(dataDir: string): ReturnType<typeof pino.destination> {
  const file = path.join(dataDir, 'tidewatch.log');
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_MAX_BYTES) renameSync(file, `${file}.1`);
    closeSync(openSync(file, 'a', 0o600));
  } catch (cause) {
    throw systemFault(cause, dataDir);
  }
  const destination = pino.destination({ dest: file, sync: false });
  let told = false;
  // Without a listener a full disk would end the process, which can do without this file.
  destination.on('error', (cause: Error) => {
    if (!told) process.stderr.write(`${file} cannot be written: ${cause.message}\n`);
    told = true;
  });
  return destination;
}
