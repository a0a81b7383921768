import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fail, ok, TidewatchError } from '../../../core/errors.ts';
import type { TokenScope } from '../../../monitor/access/ports.ts';
import { Access, mint } from '../../../monitor/access/tokens.ts';
import { openApi } from '../../../monitor/api/openapi.ts';
import { operation, operationRoutes } from '../../../monitor/api/operation.ts';
import { errorHandler } from '../../../monitor/api/problems.ts';
import { MemoryAudit, MemoryTokens } from '../../../monitor/memory/access.ts';

const answer = z.strictObject({ id: z.string(), on: z.boolean() });
const OPERATIONS = [
  operation({
    method: 'GET',
    path: '/api/things/{id}',
    id: 'readThing',
    scope: 'read',
    summary: 'One thing.',
    params: z.strictObject({ id: z.string().max(8).describe('Which one.') }),
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(9).default(3).describe('At most.') }),
    answer,
    handle: async ({ params }) => (params.id === 'gone' ? fail('not_found', 'gone') : ok({ id: params.id, on: true })),
  }),
  operation({
    method: 'POST',
    path: '/api/things/{id}/switch',
    id: 'switchThing',
    scope: 'operate',
    summary: 'Switches a thing.',
    params: z.strictObject({ id: z.string() }),
    body: z.strictObject({ on: z.boolean().describe('On or off.') }),
    answer,
    handle: async ({ params, body }) => {
      if (params.id === 'broken') throw new Error('a bug');
      if (params.id === 'away') throw new TidewatchError('database_unavailable', '');
      return ok({ id: params.id, on: body.on });
    },
  }),
];

async function server(open = false) {
  const app = Fastify();
  app.setErrorHandler(errorHandler);
  const tokens = new MemoryTokens();
  const audit = new MemoryAudit();
  const time = { ms: 1_000 };
  const access = new Access({ tokens, master: undefined, open, now: () => time.ms });
  operationRoutes(app, OPERATIONS, { access, audit, now: () => time.ms, elapsed: () => time.ms });
  const as = async (...scopes: TokenScope[]) => {
    const { token, stored } = mint(scopes.join(' '), scopes, 0, null);
    await tokens.add(stored);
    return { authorization: `Bearer ${token}` };
  };
  return { app, audit, as, time };
}
const SWITCH = { method: 'POST', url: '/api/things/a/switch' } as const;

test('a request without a token is refused, and the refusal of a change is audited', async () => {
  const { app, audit } = await server();
  expect((await app.inject('/api/things/a')).statusCode).toBe(401);
  expect((await app.inject({ ...SWITCH, payload: { on: true } })).statusCode).toBe(401);
  expect(await audit.list({})).toEqual([
    {
      atMs: 1_000,
      actor: 'nobody',
      action: 'POST /api/things/{id}/switch',
      subject: '/api/things/a/switch',
      outcome: 'refused',
      detail: 'unauthorized: The token is missing or wrong.',
    },
  ]);
});

test('a token does what its scope allows and no more', async () => {
  const { app, as, audit } = await server();
  const [reader, operator] = [await as('read'), await as('operate')];
  expect((await app.inject({ url: '/api/things/a', headers: reader })).json()).toEqual({ id: 'a', on: true });
  const refused = await app.inject({ ...SWITCH, headers: reader, payload: { on: true } });
  expect([refused.statusCode, refused.json().code]).toEqual([403, 'forbidden_scope']);
  expect((await app.inject({ ...SWITCH, headers: operator, payload: { on: true } })).json()).toEqual({
    id: 'a',
    on: true,
  });
  expect((await audit.list({})).map(({ actor, outcome }) => [actor, outcome])).toEqual([
    ['operator:operate', 'done'],
    ['operator:read', 'refused'],
  ]);
});

test.each([
  ['an unknown property', { url: '/api/things/a/switch', payload: { on: true, off: 1 } }],
  ['a wrong type', { url: '/api/things/a/switch', payload: { on: 'yes' } }],
  ['no body', { url: '/api/things/a/switch' }],
])('%s is refused with the field named, before anything is done', async (_what, request) => {
  const { app } = await server(true);
  const response = await app.inject({ method: 'POST', ...request });
  expect([response.statusCode, response.json().code]).toEqual([400, 'request_invalid']);
});

test('what fails for a bug is audited as failed, and its text goes to nobody', async () => {
  const { app, audit } = await server(true);
  const response = await app.inject({ method: 'POST', url: '/api/things/broken/switch', payload: { on: true } });
  expect(response.statusCode).toBe(500);
  expect(response.body).not.toContain('a bug');
  expect((await audit.list({}))[0]).toMatchObject({ outcome: 'failed', actor: 'operator:local' });
});

test('a fault of the surroundings has its own status', async () => {
  const { app } = await server(true);
  const away = await app.inject({ method: 'POST', url: '/api/things/away/switch', payload: { on: true } });
  expect([away.statusCode, away.json().code]).toEqual([503, 'database_unavailable']);
  expect((await app.inject('/api/things/gone')).statusCode).toBe(404);
});

test('too many changes are put off, with the time after which to come again', async () => {
  const { app, time } = await server(true);
  const ask = () => app.inject({ ...SWITCH, payload: { on: true } });
  for (let i = 0; i < 20; i++) expect((await ask()).statusCode).toBe(200);
  const late = await ask();
  expect([late.statusCode, late.headers['retry-after']]).toEqual([429, '1']);
  expect((await app.inject('/api/things/a')).statusCode).toBe(200);
  time.ms += 500;
  expect((await ask()).statusCode).toBe(200);
});

test('the OpenAPI document says of each operation what its schemas check', () => {
  const { paths } = openApi(OPERATIONS, '1.2.3') as { paths: Record<string, Record<string, Record<string, unknown>>> };
  expect(paths['/api/things/{id}']!.get).toMatchObject({
    operationId: 'readThing',
    'x-scope': 'read',
    parameters: [
      { name: 'id', in: 'path', required: true, description: 'Which one.', schema: { type: 'string', maxLength: 8 } },
      { name: 'limit', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 9, default: 3 } },
    ],
  });
  expect(paths['/api/things/{id}/switch']!.post).toMatchObject({
    requestBody: { content: { 'application/json': { schema: { required: ['on'], additionalProperties: false } } } },
  });
});
