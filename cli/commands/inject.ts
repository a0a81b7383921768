import { formatDuration, parseDuration } from '../../core/config/duration.ts';
import { fail, orThrow, TidewatchError } from '../../core/errors.ts';
import type { ActiveFault } from '../../monitor/ports.ts';
import { FAULTS } from '../../scenarios/faults/table.ts';
import { type AddCommand, examples } from '../command.ts';
import { call } from '../embedded/client.ts';
import { loadConfig } from '../load-config.ts';
import { print, printJson } from '../ui/output.ts';

interface Options {
  file?: string;
  entity?: string;
  metric?: string;
  duration?: string;
  magnitude?: string;
  json?: boolean;
}

export const injectCommand: AddCommand = (program) => {
  program
    .command('inject <fault>')
    .description('Put a fault into the demo fleet of a running `tidewatch up`.')
    .option('-e, --entity <name>', 'the service to strike (default: one is chosen)')
    .option('-m, --metric <name>', 'the metric to strike (default: one that suits the fault)')
    .option('-d, --duration <time>', 'how long it lasts, such as 5m')
    .option('--magnitude <number>', '1 is clearly visible, 0.3 is subtle')
    .option('-f, --file <file>', 'configuration of the running process')
    .option('--json', 'for scripts')
    .addHelpText('after', `\nFaults\n${FAULTS.map((f) => `  ${f.name.padEnd(16)}${f.title}`).join('\n')}`)
    .addHelpText(
      'after',
      examples(
        ['tidewatch inject latency_step', 'on a service of its choice'],
        ['tidewatch inject leak --entity checkout --duration 10m', 'a slow leak'],
      ),
    )
    .action(async (fault: string, options: Options) => {
      const { config } = loadConfig({ file: options.file });
      const request = {
        fault,
        ...(options.entity === undefined ? {} : { entity: options.entity }),
        ...(options.metric === undefined ? {} : { metric: options.metric }),
        ...(options.duration === undefined ? {} : { durationMs: milliseconds(options.duration) }),
        ...(options.magnitude === undefined ? {} : { magnitude: number(options.magnitude) }),
      };
      const active = (await call(config, 'POST', '/api/faults', request)) as ActiveFault;
      if (options.json) return printJson(active);
      const where = active.metric === null ? active.entity : `${active.metric} of ${active.entity}`;
      print(`${active.fault} on ${where} for ${formatDuration(active.endMs - active.startMs)} (${active.id})`);
    });
};

function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (Number.isNaN(ms)) throw new TidewatchError('config_invalid', `--duration ${text}: a time such as 90s, 5m or 1h`);
  return ms;
}

function number(text: string): number {
  const x = Number(text);
  if (!Number.isFinite(x) || text.trim() === '')
    return orThrow(fail('config_invalid', `--magnitude ${text}: not a number`));
  return x;
}
