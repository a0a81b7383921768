import { z } from 'zod';
import { fail, ok, type Result } from '../../../core/errors.ts';
import { TOKEN_SCOPES } from '../../access/ports.ts';
import { mint } from '../../access/tokens.ts';
import { type Operation, operation } from '../operation.ts';
import type { MonitorParts } from './ports.ts';
import { document, instantMs, limit } from './schemas.ts';

const MAX_LISTED = 500;

/** Who may call, and who did. */
export function accessOperations({ tokens, audit, now }: MonitorParts): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/tokens',
      id: 'listTokens',
      scope: 'admin',
      summary: 'Tokens without their secrets, newest first.',
      answer: z.strictObject({ tokens: z.array(document('A token.')) }),
      handle: async () => ok({ tokens: (await tokens.list()).map(({ hash: _, ...shown }) => shown) }),
    }),
    operation({
      method: 'POST',
      path: '/api/tokens',
      id: 'makeToken',
      scope: 'admin',
      summary: 'Makes a token, which is shown this once.',
      body: z.strictObject({
        name: z
          .string()
          .regex(/^[\w .@-]{1,64}$/, 'up to 64 letters, digits, spaces and . @ _ -')
          .describe('Whose it is.'),
        scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).max(3).describe('What it may do.'),
        expiresMs: instantMs.nullable().default(null).describe('When it ends, wall clock; null for never.'),
      }),
      answer: z.strictObject({ id: z.string(), token: z.string() }),
      status: 201,
      handle: async ({ body }) => {
        const { token, stored } = mint(body.name, body.scopes, now(), body.expiresMs);
        await tokens.add(stored);
        return ok({ id: stored.id, token });
      },
    }),
    operation({
      method: 'DELETE',
      path: '/api/tokens/{id}',
      id: 'revokeToken',
      scope: 'admin',
      summary: 'Revokes a token at once.',
      params: z.strictObject({ id: z.string().min(1).max(64).describe('Id of the token.') }),
      answer: z.null(),
      status: 204,
      handle: async ({ params }): Promise<Result<unknown>> =>
        (await tokens.revoke(params.id, now())) ? ok(null) : fail('not_found', `token ${params.id} that is in use`),
    }),
    operation({
      method: 'GET',
      path: '/api/audit',
      id: 'listAudit',
      scope: 'admin',
      summary: 'Every change that was asked for by the API, newest first, done or refused.',
      query: z.strictObject({ limit: limit(MAX_LISTED, 100) }),
      answer: z.strictObject({ entries: z.array(document('Who, what, when, and what came of it.')) }),
      handle: async ({ query }) => ok({ entries: await audit.list({ limit: query.limit }) }),
    }),
  ];
}
