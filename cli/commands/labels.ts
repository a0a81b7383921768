import { TidewatchError } from '../../core/errors.ts';
import type { Label } from '../../monitor/controller/ports.ts';
import type { Decision } from '../../monitor/types.ts';
import { type AddCommand, examples } from '../command.ts';
import { call } from '../embedded/client.ts';
import { loadConfig } from '../load-config.ts';
import { spanOf } from '../span.ts';
import { print, printJson } from '../ui/output.ts';
import { type ApiOptions, tellDecisions, withApi, withNote } from './monitor-controls.ts';

const ANSWERS = [
  ['confirm', 'confirmed', 'Say that an incident was right: evaluations count it.'],
  ['dismiss', 'dismissed', 'Say that an incident was none: its like does not alert again.'],
] as const;

export const labelsCommand: AddCommand = (program) => {
  const labels = program.command('labels').description('Say what incidents were: calibration and training go by it.');
  for (const [name, label, what] of ANSWERS) {
    withNote(labels.command(`${name} <incident>`).description(what))
      .addHelpText(
        'after',
        examples([`tidewatch labels ${name} INCIDENT`, 'its page, and /api/incidents, have the id']),
      )
      .action(async (incident: string, options: ApiOptions & { note?: string }) => {
        const { config } = loadConfig({ file: options.file });
        const path = `/api/incidents/${encodeURIComponent(incident)}/label`;
        const answer = await call(config, 'POST', path, { label, note: options.note ?? '' });
        const { decisions } = answer as { decisions: Decision[] };
        if (options.json) return printJson(decisions);
        print(`Incident ${incident} is ${label}.`);
        if (decisions.length > 0) tellDecisions(decisions);
      });
  }
  withNote(
    labels
      .command('annotate <entity> <span> <label>')
      .description('Say of windows that nobody was told of what they are.'),
  )
    .addHelpText(
      'after',
      examples([
        'tidewatch labels annotate shop/web-1 2026-01-05T10:00..2026-01-05T10:20 anomalous',
        'STREAM/ENTITY, times in UTC, and anomalous or normal',
      ]),
    )
    .action(async (name: string, text: string, label: string, options: ApiOptions & { note?: string }) => {
      const { config } = loadConfig({ file: options.file });
      const slash = name.indexOf('/');
      const span = spanOf(text);
      if (slash < 1) throw new TidewatchError('config_invalid', `${name}: wanted STREAM/ENTITY`);
      if (span === null || !('fromMs' in span)) throw new TidewatchError('config_invalid', `${text}: wanted FROM..TO`);
      const [stream, entity] = [name.slice(0, slash), name.slice(slash + 1)];
      const body = { entity, ...span, label, note: options.note ?? '' };
      const made = (await call(config, 'POST', `/api/labels/${encodeURIComponent(stream)}`, body)) as Label;
      if (options.json) printJson(made);
      else print(toldOf(made));
    });
  withApi(labels.command('list [stream]').description('Labels, newest first.'))
    .addHelpText('after', examples(['tidewatch labels list', 'of all streams']))
    .action(async (stream: string | undefined, options: ApiOptions) => {
      const { config } = loadConfig({ file: options.file });
      const query = stream === undefined ? '' : `?stream=${encodeURIComponent(stream)}`;
      const { labels: found } = (await call(config, 'GET', `/api/labels${query}`)) as { labels: Label[] };
      if (options.json) return printJson(found);
      if (found.length === 0) print('There are no labels.');
      for (const one of found) print(toldOf(one));
    });
};

function toldOf({ stream, entity, fromMs, toMs, label, actor, note }: Label): string {
  const span = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
  return `${stream}/${entity}  ${span}  ${label}  ${actor}${note === '' ? '' : `  ${note}`}`;
}
