import { systemClock } from '../../core/clock.ts';
import { parseDuration } from '../../core/config/duration.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { MaintenanceWindow } from '../../monitor/notify/ports.ts';
import { type AddCommand, examples } from '../command.ts';
import { call } from '../embedded/client.ts';
import { loadConfig } from '../load-config.ts';
import { print, printJson } from '../ui/output.ts';
import { type ApiOptions, withApi } from './monitor-controls.ts';

interface PlanOptions extends ApiOptions {
  stream?: string;
  entity?: string;
  metric?: string;
  from?: string;
  for: string;
}

export const maintenanceCommand: AddCommand = (program) => {
  const maintenance = program
    .command('maintenance')
    .description('Times for which nobody is notified; verdicts and incidents are as ever.');
  withApi(maintenance.command('plan <reason>').description('Plan a window, for now or ahead.'))
    .requiredOption('--for <time>', 'how long, such as 2h')
    .option('--from <time>', 'when it begins, such as 2026-03-01T22:00:00Z (default: now)')
    .option('--stream <name>', 'of this stream alone')
    .option('--entity <name>', 'of this entity alone')
    .option('--metric <name>', 'of this metric alone')
    .addHelpText(
      'after',
      examples(
        ['tidewatch maintenance plan "new switches" --for 2h', 'everything, from now on'],
        ['tidewatch maintenance plan deploy --stream shop --from 2026-03-01T22:00:00Z --for 30m', 'ahead'],
      ),
    )
    .action(async (reason: string, options: PlanOptions) => {
      const { config } = loadConfig({ file: options.file });
      const lengthMs = parseDuration(options.for);
      const fromMs = options.from === undefined ? systemClock.now() : Date.parse(options.from);
      if (!(lengthMs > 0)) throw new TidewatchError('config_invalid', `--for ${options.for}: a time such as 30m or 2h`);
      if (Number.isNaN(fromMs)) throw new TidewatchError('config_invalid', `--from ${options.from}: not a time`);
      const { stream = null, entity = null, metric = null } = options;
      const body = { stream, entity, metric, fromMs, toMs: fromMs + lengthMs, reason };
      const made = (await call(config, 'POST', '/api/maintenance', body)) as MaintenanceWindow;
      if (options.json) printJson(made);
      else print(inWords(made));
    });
  withApi(maintenance.command('list').description('Windows, latest start first.'))
    .addHelpText('after', examples(['tidewatch maintenance list', 'those ahead, those that are on, those that were']))
    .action(async (options: ApiOptions) => {
      const { config } = loadConfig({ file: options.file });
      const { windows } = (await call(config, 'GET', '/api/maintenance')) as { windows: MaintenanceWindow[] };
      if (options.json) return printJson(windows);
      if (windows.length === 0) print('No maintenance is planned.');
      for (const window of windows) print(inWords(window));
    });
  withApi(maintenance.command('end <id>').description('End a window now.'))
    .addHelpText('after', examples(['tidewatch maintenance end ID', 'with the id that list gives']))
    .action(async (id: string, options: ApiOptions) => {
      const { config } = loadConfig({ file: options.file });
      await call(config, 'DELETE', `/api/maintenance/${encodeURIComponent(id)}`);
      if (options.json) printJson({ id, ended: true });
      else print(`${id} has ended.`);
    });
};

function inWords({ id, stream, entity, metric, fromMs, toMs, reason, endedMs }: MaintenanceWindow): string {
  const of = [stream ?? 'everything', entity, metric].filter((one) => one !== null).join('/');
  const end = endedMs === null ? toMs : Math.min(toMs, endedMs);
  return `${id}  ${of}  ${new Date(fromMs).toISOString()} to ${new Date(end).toISOString()}  ${reason}`;
}
