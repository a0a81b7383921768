import { expect, test } from 'vitest';
import { openApi } from '../../../../monitor/api/openapi.ts';
import { monitorOperations } from '../../../../monitor/api/operations/index.ts';
import type { MonitorParts } from '../../../../monitor/api/operations/ports.ts';
import { INCIDENT, monitorApi } from './monitor.ts';

test('a dismissal is a label, and a command that changes the calibration', async () => {
  const { ask, labels, commands } = await monitorApi();
  const { status } = await ask('POST', '/api/incidents/inc-1/label', { label: 'dismissed', note: 'a backup' });
  expect(status).toBe(200);
  expect(await labels.list({ stream: 'shop' })).toMatchObject([
    { entity: 'web-1', label: 'normal', incident: INCIDENT.id, fromMs: 1_000, toMs: 5_000, actor: 'operator:local' },
  ]);
  expect(commands).toMatchObject([
    { stream: 'shop', command: { kind: 'dismiss', incident: 'inc-1' }, actor: 'operator:local', note: 'a backup' },
  ]);
});

test('a confirmation is a label and nothing more', async () => {
  const { ask, labels, commands } = await monitorApi();
  await ask('POST', '/api/incidents/inc-1/label', { label: 'confirmed' });
  expect(await labels.list({})).toMatchObject([{ label: 'anomalous' }]);
  expect(commands).toEqual([]);
});

test('an incident that nobody knows cannot be labelled', async () => {
  const { ask, labels } = await monitorApi();
  expect(await ask('POST', '/api/incidents/gone/label', { label: 'confirmed' })).toMatchObject({
    status: 404,
    body: { code: 'not_found' },
  });
  expect(await labels.list({})).toEqual([]);
});

test('a maintenance window is planned, seen and ended, and stays in the list', async () => {
  const { ask, clock } = await monitorApi();
  const fromMs = clock.now();
  const plan = { stream: 'shop', fromMs, toMs: fromMs + 3_600_000, reason: 'disks' };
  const { body } = await ask('POST', '/api/maintenance', plan);
  expect(await ask('DELETE', `/api/maintenance/${body.id}`)).toEqual({ status: 204, body: null });
  expect((await ask('DELETE', `/api/maintenance/${body.id}`)).status).toBe(404);
  expect((await ask('GET', '/api/maintenance')).body.windows).toMatchObject([
    { id: body.id, reason: 'disks', actor: 'operator:local', endedBy: 'operator:local' },
  ]);
});

test.each([
  ['a command without its model', '/api/control/shop', { command: { kind: 'promote' } }],
  ['a command that does not exist', '/api/control/shop', { command: { kind: 'explode' } }],
  ['an empty span', '/api/maintenance', { fromMs: 5, toMs: 5, reason: 'x' }],
  [
    'a span of labels that ends before it begins',
    '/api/labels/shop',
    { entity: 'a', fromMs: 5, toMs: 4, label: 'normal' },
  ],
  ['a scope that does not exist', '/api/tokens', { name: 'x', scopes: ['root'] }],
])('%s is refused', async (_what, url, payload) => {
  const { ask, commands } = await monitorApi();
  expect(await ask('POST', url, payload)).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
  expect(commands).toEqual([]);
});

test('a command of an unknown stream, and one while nobody is in charge, are refused with the reason', async () => {
  const command = { command: { kind: 'suspend' } };
  const { ask } = await monitorApi();
  expect((await ask('POST', '/api/control/elsewhere', command)).status).toBe(404);
  const idle = await monitorApi(false);
  expect(await idle.ask('POST', '/api/control/shop', command)).toMatchObject({
    status: 503,
    body: { code: 'overloaded' },
  });
});

test('a token works until it is revoked, and the list shows neither secret nor hash', async () => {
  const { ask } = await monitorApi();
  const made = await ask('POST', '/api/tokens', { name: 'night shift', scopes: ['read'] });
  const { id, token } = made.body;
  expect((await ask('GET', '/api/monitor', undefined, token)).status).toBe(200);
  expect((await ask('POST', '/api/control/shop', { command: { kind: 'suspend' } }, token)).status).toBe(403);
  const listed = JSON.stringify((await ask('GET', '/api/tokens')).body);
  expect(listed).toContain('night shift');
  expect(listed).not.toContain('hash');
  expect(listed).not.toContain(token.slice(-43));
  await ask('DELETE', `/api/tokens/${id}`);
  expect((await ask('GET', '/api/monitor', undefined, token)).status).toBe(401);
});

test('every change that was asked for is in the audit, done or refused', async () => {
  const { ask, audit } = await monitorApi();
  await ask('POST', '/api/control/shop', { command: { kind: 'suspend' } });
  await ask('POST', '/api/control/shop', { command: { kind: 'explode' } });
  expect((await audit.list({})).map(({ action, outcome }) => [action, outcome])).toEqual([
    ['POST /api/control/{stream}', 'refused'],
    ['POST /api/control/{stream}', 'done'],
  ]);
});

test('before its first look a stream has no state, no decisions and no figures', async () => {
  const { ask } = await monitorApi();
  expect((await ask('GET', '/api/monitor')).body).toEqual({ streams: [{ stream: 'shop', state: null, budgets: {} }] });
  expect((await ask('GET', '/api/decisions')).body).toEqual({ entries: [] });
  expect((await ask('GET', '/api/decisions/latest')).status).toBe(404);
  expect((await ask('GET', '/api/observations/shop?from=0&to=1000')).body).toEqual({ observations: [] });
});

test('every operation has an id of its own, a summary, and a description for each parameter and field sent', () => {
  const operations = monitorOperations({} as MonitorParts);
  const document = JSON.stringify(openApi(operations, '0.0.0'));
  expect(JSON.parse(document).openapi).toBe('3.1.0');
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  for (const { summary, method, scope } of operations) {
    expect(summary).toMatch(/^[A-Z].*\.$/);
    if (method !== 'GET') expect(scope).not.toBe('read');
  }
});
