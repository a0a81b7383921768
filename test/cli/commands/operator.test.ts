import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../e2e/up.ts';
import { testDatabase } from '../../postgres.ts';
import { STREAM } from '../monitor/site.ts';
import { labelCommands } from './labels.suite.ts';
import { ledgerCommands } from './ledger.suite.ts';
import { modelCommands } from './models.suite.ts';
import { openSite } from './site.ts';

/** One monitor for all commands, which follow each other as an operator's day does. */
const site = await openSite(await testDatabase());
const { stream, said, asked, state, lastDecision, url } = site;
beforeAll(site.begin, 120_000);
afterAll(site.end);

test('the monitor has the console, and shows what workers elsewhere have made durable', async () => {
  const get = async (path: string) => fetch(`${site.url}${path}`);
  expect(await (await get('/')).text()).toContain('<title>Tidewatch');
  const { streams } = (await (await get('/api/status')).json()) as {
    streams: { stream: string; watermarkMs: number }[];
  };
  expect(streams.map(({ stream }) => stream)).toEqual([STREAM.name]);
  expect(streams[0]!.watermarkMs).toBeGreaterThan(0);
  expect((await get(`/api/entities?stream=${STREAM.name}`)).status).toBe(200);
  expect((await get('/runbooks/psi_drift')).status).toBe(200);
});

describe('monitor', () => {
  test('status says what serves; of an unknown stream it says so', async () => {
    const { out } = await said('monitor', 'status', STREAM.name);
    expect(out).toMatch(new RegExp(`^shop: idle, mode forest\n {2}champion {4}${stream.modelId}, trained `));
    expect(await said('monitor', 'status', 'shoop')).toMatchObject({
      code: 2,
      error: expect.stringContaining('shoop'),
    });
  });

  test('suspend and resume change the state, say why in the ledger, and are refused twice over', async () => {
    const done = await said('monitor', 'suspend', STREAM.name, '--note', 'before the deploy');
    expect(done).toMatchObject({ code: 0, error: '' });
    expect(done.out).toMatch(/^shop-\d+: suspend, done\. .*before the deploy\n$/);
    expect((await state()).suspended).toBe(true);
    const twice = await said('monitor', 'suspend', STREAM.name);
    expect([twice.code, twice.out]).toEqual([1, expect.stringMatching(/suspend, refused\. It is suspended/)]);
    expect((await said('monitor', 'resume', STREAM.name)).code).toBe(0);
    expect((await state()).suspended).toBe(false);
    expect((await said('monitor', 'resume', STREAM.name)).code).toBe(1);
  });

  test('a candidate that was trained in a thread waits; approve lets it judge, reject takes it back', async () => {
    expect((await said('monitor', 'retrain', STREAM.name)).out).toContain('retrain, done');
    const waiting = await until('the candidate waits', async () => {
      const { rollout } = await state();
      if (rollout.phase === 'idle') throw new Error((await lastDecision()).reason);
      return rollout.phase === 'approval' ? rollout.candidate.modelId : null;
    });
    const other = await said('monitor', 'approve', stream.modelId);
    expect([other.code, other.out]).toEqual([1, expect.stringContaining('does not wait for an answer')]);
    expect((await said('monitor', 'approve', waiting)).out).toContain('start shadow, done');
    expect(await state()).toMatchObject({ serving: { challenger: { modelId: waiting, share: 0 } } });
    expect((await stream.follow()).map(({ kind }) => kind)).toEqual(['challenger']);
    expect((await said('monitor', 'reject', waiting, '--note', 'not today')).out).toContain('withdraw, done');
    expect((await state()).serving.challenger).toBeNull();
    expect((await said('monitor', 'reject', waiting)).code).toBe(1);
    await stream.follow();
  }, 120_000);
});

modelCommands(site);
labelCommands(site);

describe('tokens', () => {
  const status = async (token: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(`${url}${path}`, init)).status;
  };

  test('a token is shown once, listed without its secret, does what its scope allows, and ends when revoked', async () => {
    type Made = { id: string; token: string };
    const { id, token } = await asked<Made>('tokens', 'create', 'ana', '--scope', 'read', '--expires', '1d');
    const listed = (await said('tokens', 'list')).out;
    expect(listed).toMatch(new RegExp(`${id} {2}ana {2}read {2}until 20`));
    expect(listed).not.toContain(token.split('_').at(-1));
    const suspend = { command: { kind: 'suspend' }, note: '' };
    expect([await status(token, '/api/models'), await status(token, '/api/control/shop', suspend)]).toEqual([200, 403]);
    expect((await said('tokens', 'revoke', id)).out).toBe(`${id} is revoked.\n`);
    expect(await status(token, '/api/models')).toBe(401);
    expect((await said('tokens', 'list')).out).toMatch(new RegExp(`${id} .* revoked 20`));
    expect(await said('tokens', 'revoke', id)).toMatchObject({ code: 2 });
  });

  test.each([
    [['--scope', 'rule'], 'rule: one of read'],
    [['--expires', 'soon'], 'soon: a time such as'],
  ])('a token with %j is refused', async (args, why) => {
    expect(await said('tokens', 'create', 'bob', ...args)).toMatchObject({
      code: 2,
      error: expect.stringContaining(why),
    });
  });
});

ledgerCommands(site);
