import type { Command } from 'commander';
import { TidewatchError } from '../../core/errors.ts';
import { unknownModel } from '../../monitor/registry.ts';
import type { Command as Asked, Decision, MonitorState } from '../../monitor/types.ts';
import { examples } from '../command.ts';
import { call } from '../embedded/client.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { print, printJson } from '../ui/output.ts';

export interface ApiOptions {
  file?: string;
  json?: boolean;
}

/** Options of every command that calls the API of a running process. */
export const withApi = (command: Command): Command =>
  command.option('-f, --file <file>', 'configuration of the running process').option('--json', 'for scripts');

/** What a command takes when it asks the controller for something. */
export const withNote = (command: Command): Command =>
  withApi(command).option('-n, --note <text>', 'why, for those who read it in the ledger');

/** Hands a command to the controller and says what was decided; exit code 1 when it was refused or held. */
export async function ask(stream: string, command: Asked, options: ApiOptions & { note?: string }): Promise<void> {
  const { config } = loadConfig({ file: options.file });
  const body = { command, note: options.note ?? '' };
  const answer = await call(config, 'POST', `/api/control/${encodeURIComponent(stream)}`, body);
  const { decisions } = answer as { decisions: Decision[] };
  if (options.json) printJson(decisions);
  else tellDecisions(decisions);
  if (decisions.some(({ result }) => result === 'refused' || result === 'held')) process.exitCode = EXIT.different;
}

export function tellDecisions(decisions: readonly Decision[]): void {
  if (decisions.length === 0) print('Nothing was decided.');
  for (const { id, action, result, reason } of decisions)
    print(`${id}: ${action.replaceAll('_', ' ')}, ${result.replaceAll('_', ' ')}. ${reason}`);
}

/** A model by its id, for a command that names one. Throws not_found, with what there is. */
export async function modelOf(
  options: ApiOptions,
  modelId: string,
): Promise<{ stream: string; model: { modelId: string; sha256: string } }> {
  const { config } = loadConfig({ file: options.file });
  const { models } = (await call(config, 'GET', '/api/models')) as {
    models: { id: string; stream: string; sha256: string }[];
  };
  const { stream, sha256 } = foundIn(models, modelId);
  return { stream, model: { modelId, sha256 } };
}

/** One of these by its id. Throws not_found, with what there is. */
export function foundIn<M extends { id: string }>(models: readonly M[], modelId: string): M {
  const found = models.find(({ id }) => id === modelId);
  if (found !== undefined) return found;
  const { code, detail } = unknownModel(modelId, models);
  throw new TidewatchError(code, detail);
}

const SIMPLE = [
  ['suspend', 'Let the controller decide nothing about a stream until resume.'],
  ['resume', 'Let the controller decide again, or lift what holds it.'],
  ['retrain', 'Train a candidate now, whatever the budget.'],
  ['recalibrate', 'Calibrate the champion anew from its newest scores.'],
] as const;

/** Subcommands of `tidewatch monitor`, which call a running one. */
export function addControls(monitor: Command): void {
  withApi(monitor.command('status [stream]').description('What the running monitor makes of each stream.'))
    .addHelpText(
      'after',
      examples(['tidewatch monitor status', 'all streams'], ['tidewatch monitor status demo', 'one']),
    )
    .action(async (stream: string | undefined, _local: unknown, command: Command) => {
      const options = command.optsWithGlobals<ApiOptions>();
      const { config } = loadConfig({ file: options.file });
      const { streams } = (await call(config, 'GET', '/api/monitor')) as {
        streams: { stream: string; state: MonitorState | null }[];
      };
      const wanted = streams.filter((one) => stream === undefined || one.stream === stream);
      if (wanted.length === 0) throw new TidewatchError('not_found', `stream ${stream}`);
      if (options.json) printJson(wanted);
      else for (const one of wanted) for (const line of statusLines(one.stream, one.state)) print(line);
    });
  for (const [kind, what] of SIMPLE) {
    withNote(monitor.command(`${kind} <stream>`).description(what))
      .addHelpText('after', examples([`tidewatch monitor ${kind} demo --note "after the deploy"`, 'with a reason']))
      .action((stream: string, _local: unknown, command: Command) =>
        ask(stream, { kind }, command.optsWithGlobals<ApiOptions & { note?: string }>()),
      );
  }
  for (const [kind, what] of [
    ['approve', 'Let a candidate go on that waits for an operator.'],
    ['reject', 'Take a candidate back, at whatever stage.'],
  ] as const) {
    withNote(monitor.command(`${kind} <model>`).description(what))
      .addHelpText(
        'after',
        examples([`tidewatch monitor ${kind} 4f0c1d2e3a4b5c6d`, 'tidewatch models list has the ids']),
      )
      .action(async (modelId: string, _local: unknown, command: Command) => {
        const options = command.optsWithGlobals<ApiOptions & { note?: string }>();
        const { stream, model } = await modelOf(options, modelId);
        await ask(stream, { kind, model }, options);
      });
  }
}

/** One stream, in words. */
export function statusLines(stream: string, state: MonitorState | null): string[] {
  if (state === null) return [`${stream}: not looked at yet`];
  const { serving, rollout, seen, hold, suspended, trainedMs, lastGood } = state;
  const time = (ms: number) => new Date(ms).toISOString();
  const lines = [`${stream}: ${suspended ? 'suspended' : rollout.phase}, mode ${serving.mode}`];
  if (serving.champion !== null)
    lines.push(`  champion    ${serving.champion.modelId}${trainedMs === null ? '' : `, trained ${time(trainedMs)}`}`);
  if (serving.challenger !== null)
    lines.push(`  challenger  ${serving.challenger.modelId}, serves ${Math.round(serving.challenger.share * 100)} %`);
  if (lastGood !== null) lines.push(`  last good   ${lastGood.modelId}`);
  if (seen !== null) lines.push(`  seen up to  ${time(seen.atMs)}, cause ${seen.cause.replaceAll('_', ' ')}`);
  if (hold !== null) lines.push(`  held since  ${time(hold.sinceMs)} by ${hold.trigger}: ${hold.reason}`);
  lines.push(`  decisions   ${state.decisions}`);
  return lines;
}
