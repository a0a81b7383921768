import { systemClock } from '../../core/clock.ts';
import { parseDuration } from '../../core/config/duration.ts';
import { TidewatchError } from '../../core/errors.ts';
import { type StoredToken, TOKEN_SCOPES, type TokenScope } from '../../monitor/access/ports.ts';
import { type AddCommand, examples } from '../command.ts';
import { call } from '../embedded/client.ts';
import { loadConfig } from '../load-config.ts';
import { print, printJson } from '../ui/output.ts';
import { type ApiOptions, withApi } from './monitor-controls.ts';

interface CreateOptions extends ApiOptions {
  scope: string[];
  expires?: string;
}

export const tokensCommand: AddCommand = (program) => {
  const tokens = program.command('tokens').description('Who may call the API, and what they may do.');
  withApi(tokens.command('create <name>').description('Make a token. It is shown this once and stored as a hash.'))
    .option('--scope <scopes...>', `what it may do: ${TOKEN_SCOPES.join(', ')}`, ['read'])
    .option('--expires <time>', 'for how long it is good, such as 90d (default: until it is revoked)')
    .addHelpText(
      'after',
      examples(
        ['tidewatch tokens create dashboard', 'may read'],
        ['tidewatch tokens create ana --scope operate --expires 90d', 'may read, label, promote and so on'],
      ),
    )
    .action(async (name: string, options: CreateOptions) => {
      const { config } = loadConfig({ file: options.file });
      const wrong = options.scope.find((scope) => !(TOKEN_SCOPES as readonly string[]).includes(scope));
      if (wrong !== undefined)
        throw new TidewatchError('config_invalid', `--scope ${wrong}: one of ${TOKEN_SCOPES.join(', ')}`);
      const body = { name, scopes: options.scope as TokenScope[], expiresMs: expiry(options.expires) };
      const made = (await call(config, 'POST', '/api/tokens', body)) as { id: string; token: string };
      if (options.json) return printJson(made);
      print(made.token);
      print('Keep it now: it is not shown again. `tidewatch tokens revoke` with the part between the _ ends it.');
    });
  withApi(tokens.command('list').description('Tokens without their secrets, newest first.'))
    .addHelpText('after', examples(['tidewatch tokens list', 'those that were revoked too']))
    .action(async (options: ApiOptions) => {
      const { config } = loadConfig({ file: options.file });
      type Shown = Omit<StoredToken, 'hash'>;
      const { tokens: found } = (await call(config, 'GET', '/api/tokens')) as { tokens: Shown[] };
      if (options.json) return printJson(found);
      if (found.length === 0) print('There are no tokens.');
      for (const { id, name, scopes, expiresMs, revokedMs } of found) {
        const until = expiresMs === null ? 'no end' : `until ${new Date(expiresMs).toISOString()}`;
        const state = revokedMs === null ? until : `revoked ${new Date(revokedMs).toISOString()}`;
        print(`${id}  ${name}  ${scopes.join(', ')}  ${state}`);
      }
    });
  withApi(tokens.command('revoke <id>').description('End a token at once.'))
    .addHelpText('after', examples(['tidewatch tokens revoke 4f0c1d2e3a4b', 'with the id that list gives']))
    .action(async (id: string, options: ApiOptions) => {
      const { config } = loadConfig({ file: options.file });
      await call(config, 'DELETE', `/api/tokens/${encodeURIComponent(id)}`);
      if (options.json) printJson({ id, revoked: true });
      else print(`${id} is revoked.`);
    });
};

function expiry(text: string | undefined): number | null {
  if (text === undefined) return null;
  const ms = parseDuration(text);
  if (!(ms > 0)) throw new TidewatchError('config_invalid', `--expires ${text}: a time such as 12h or 90d`);
  return systemClock.now() + ms;
}
