import type { RegisteredModel } from '../../monitor/controller/ports.ts';
import { type AddCommand, examples } from '../command.ts';
import { call } from '../embedded/client.ts';
import { loadConfig } from '../load-config.ts';
import { print, printJson } from '../ui/output.ts';
import { type ApiOptions, ask, foundIn, modelOf, withApi, withNote } from './monitor-controls.ts';

export const modelsCommand: AddCommand = (program) => {
  const models = program.command('models').description('The models of a running Tidewatch, and which of them serve.');
  withApi(models.command('list [stream]').description('Models, newest first.'))
    .addHelpText(
      'after',
      examples(['tidewatch models list', 'of all streams'], ['tidewatch models list demo', 'of one']),
    )
    .action(async (stream: string | undefined, options: ApiOptions) => {
      const found = await listed(options, stream);
      if (options.json) return printJson(found);
      if (found.length === 0) print('There is no model yet.');
      for (const { id, stream: of, roles, sizeBytes, keep, createdMs } of found) {
        const what = [...roles.map((role) => role.replace('_', ' ')), ...(keep ? ['kept'] : [])].join(', ');
        print(
          `${id}  ${of}  ${new Date(createdMs).toISOString()}  ${Math.ceil(sizeBytes / 1000)} kB  ${what}`.trimEnd(),
        );
      }
    });
  withApi(models.command('show <model>').description('One model: its roles, where it comes from, how it did.'))
    .addHelpText('after', examples(['tidewatch models show 4f0c1d2e3a4b5c6d', 'with the id that list gives']))
    .action(async (id: string, options: ApiOptions) => {
      const found = foundIn(await listed(options), id);
      if (options.json) printJson(found);
      else for (const line of inWords(found)) print(line);
    });
  withNote(models.command('promote <model>').description('Make a model champion of its stream at once, by hand.'))
    .addHelpText('after', examples(['tidewatch models promote 4f0c1d2e3a4b5c6d', 'the former one becomes last good']))
    .action(async (id: string, options: ApiOptions & { note?: string }) => {
      const { stream, model } = await modelOf(options, id);
      await ask(stream, { kind: 'promote', model }, options);
    });
  withNote(models.command('revert <stream>').description('Go back to the last good model of one stream.'))
    .addHelpText('after', examples(['tidewatch models revert demo', 'only what serves changes, nothing is deleted']))
    .action((stream: string, options: ApiOptions & { note?: string }) => ask(stream, { kind: 'revert' }, options));
  withApi(models.command('keep <model>').description('Keep a model from being removed when it is old.'))
    .option('--no-keep', 'no longer')
    .addHelpText('after', examples(['tidewatch models keep 4f0c1d2e3a4b5c6d', 'until keep --no-keep']))
    .action(async (id: string, options: ApiOptions & { keep: boolean }) => {
      const { config } = loadConfig({ file: options.file });
      await call(config, 'POST', `/api/models/${encodeURIComponent(id)}/keep`, { keep: options.keep });
      if (options.json) printJson({ id, keep: options.keep });
      else print(options.keep ? `${id} is kept.` : `${id} is removed in its time.`);
    });
};

async function listed(options: ApiOptions, stream?: string): Promise<RegisteredModel[]> {
  const { config } = loadConfig({ file: options.file });
  const query = stream === undefined ? '' : `?stream=${encodeURIComponent(stream)}`;
  return ((await call(config, 'GET', `/api/models${query}`)) as { models: RegisteredModel[] }).models;
}

function inWords({
  id,
  stream,
  sha256,
  sizeBytes,
  roles,
  keep,
  createdMs,
  lineage,
  evaluation,
}: RegisteredModel): string[] {
  const time = (ms: number) => new Date(ms).toISOString();
  const lines = [
    `model ${id} of ${stream}, made ${time(createdMs)}`,
    `  role       ${roles.length === 0 ? 'none' : roles.join(', ')}${keep ? ', kept' : ''}`,
    `  artifact   ${sizeBytes} bytes, SHA-256 ${sha256}`,
  ];
  if (lineage === null) lines.push('  lineage    not known: it was trained before there was a monitor, or elsewhere');
  else {
    const { rows, entities, fromMs, toMs, parent, seed, codeVersion, leftOut, cost } = lineage;
    lines.push(`  trained on ${rows} windows of ${entities} entities, ${time(fromMs)} to ${time(toMs)}`);
    for (const { reason, windows } of leftOut) lines.push(`  left out   ${windows}: ${reason}`);
    lines.push(`  made by    version ${codeVersion}, seed ${seed}, from ${parent ?? 'no model before'}`);
    lines.push(`  cost       ${Math.round(cost.wallMs)} ms, ${Math.round(cost.cpuMs)} ms of CPU`);
  }
  if (evaluation !== null) {
    const { basis, candidateQuality, championQuality, windows } = evaluation;
    const against = championQuality === null ? '' : ` against ${championQuality.toFixed(3)} of the champion`;
    lines.push(`  quality    ${candidateQuality.toFixed(3)}${against}, by ${basis}, on ${windows} windows`);
  }
  return lines;
}
