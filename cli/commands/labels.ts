import type { Label } from '../../monitor/controller/ports.ts';
import type { Decision } from '../../monitor/types.ts';
import { type AddCommand, examples } from '../command.ts';
import { call } from '../embedded/client.ts';
import { loadConfig } from '../load-config.ts';
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
  withApi(labels.command('list [stream]').description('Labels, newest first.'))
    .addHelpText('after', examples(['tidewatch labels list', 'of all streams']))
    .action(async (stream: string | undefined, options: ApiOptions) => {
      const { config } = loadConfig({ file: options.file });
      const query = stream === undefined ? '' : `?stream=${encodeURIComponent(stream)}`;
      const { labels: found } = (await call(config, 'GET', `/api/labels${query}`)) as { labels: Label[] };
      if (options.json) return printJson(found);
      if (found.length === 0) print('There are no labels.');
      for (const { stream: of, entity, fromMs, toMs, label, actor, note } of found) {
        const span = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
        print(`${of}/${entity}  ${span}  ${label}  ${actor}${note === '' ? '' : `  ${note}`}`);
      }
    });
};
