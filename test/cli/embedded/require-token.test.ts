import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { requireToken } from '../../../cli/embedded/require-token.ts';
import { TidewatchError } from '../../../core/errors.ts';
import type { TokenScope } from '../../../monitor/access/ports.ts';
import { Access, mint } from '../../../monitor/access/tokens.ts';
import { MemoryTokens } from '../../../monitor/memory/access.ts';

const MASTER = 'a-token-of-some-length';

async function site(tokens: Pick<MemoryTokens, 'get'> = new MemoryTokens()) {
  const app = Fastify();
  requireToken(app, new Access({ tokens, master: MASTER, open: false, now: () => 1_000 }));
  app.get('/health/live', async () => 'well');
  app.get('/thing', async () => 'read');
  app.post('/thing', async () => 'done');
  app.post('/alerts', async () => 'taken');
  return async (method: 'GET' | 'POST', url: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await app.inject({ method, url, headers })).statusCode;
  };
}

async function withToken(scopes: readonly TokenScope[], expiresMs: number | null = null) {
  const tokens = new MemoryTokens();
  const { token, stored } = mint('ana', scopes, 0, expiresMs);
  await tokens.add(stored);
  return { ask: await site(tokens), token, tokens, id: stored.id };
}

test("the configuration's token may do everything, no token nothing but health and the webhook with its own secret", async () => {
  const ask = await site();
  expect([await ask('GET', '/thing', MASTER), await ask('POST', '/thing', MASTER)]).toEqual([200, 200]);
  expect([await ask('GET', '/thing'), await ask('POST', '/thing'), await ask('GET', '/thing', 'wrong')]).toEqual([
    401, 401, 401,
  ]);
  expect([await ask('GET', '/health/live'), await ask('POST', '/alerts')]).toEqual([200, 200]);
});

test('a scoped token reads, and changes only what its scope lets it', async () => {
  const reader = await withToken(['read']);
  expect([await reader.ask('GET', '/thing', reader.token), await reader.ask('POST', '/thing', reader.token)]).toEqual([
    200, 403,
  ]);
  const operator = await withToken(['operate']);
  expect([
    await operator.ask('GET', '/thing', operator.token),
    await operator.ask('POST', '/thing', operator.token),
  ]).toEqual([200, 200]);
});

test('a token that has expired or was revoked is no token', async () => {
  const expired = await withToken(['admin'], 999);
  expect(await expired.ask('GET', '/thing', expired.token)).toBe(401);
  const revoked = await withToken(['admin']);
  await revoked.tokens.revoke(revoked.id, 1);
  expect(await revoked.ask('GET', '/thing', revoked.token)).toBe(401);
});

test('while the database is away a scoped token is answered 503, and the configured one still serves', async () => {
  const { token } = mint('ana', ['read'], 0, null);
  const away = async () => {
    throw new TidewatchError('database_unavailable', 'ECONNREFUSED');
  };
  const ask = await site({ get: away });
  expect([await ask('GET', '/thing', token), await ask('GET', '/thing', MASTER)]).toEqual([503, 200]);
});
