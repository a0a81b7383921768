import { createHmac } from 'node:crypto';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { fail, ok } from '../../../core/errors.ts';
import { type AlertsInOptions, alertsIn } from '../../../monitor/api/alerts-in.ts';
import { sign } from '../../../monitor/notify/signature.ts';
import type { Input } from '../../../monitor/types.ts';

const SECRET = 'a-secret-of-some-length';
const NOW_MS = Date.UTC(2026, 0, 5);
const ALERT = {
  status: 'firing',
  labels: { alertname: 'producer_changed', stream: 'shop', severity: 'critical' },
  annotations: { summary: 'of theirs' },
  startsAt: '2026-01-04T23:50:00.000Z',
  fingerprint: 'c0ffee',
};
const bodyOf = (...alerts: object[]) => JSON.stringify({ version: '4', status: 'firing', alerts });

async function site(more: Partial<AlertsInOptions> = {}) {
  const inputs: [string, Input][] = [];
  const told: [string, string | null][] = [];
  const app = Fastify();
  await app.register(
    alertsIn({
      secret: SECRET,
      knows: (stream, trigger) => stream === 'shop' && trigger === 'producer_changed',
      take: async (stream, input) => {
        inputs.push([stream, input]);
        return ok([]);
      },
      now: () => NOW_MS,
      told: (outcome, fault) => told.push([outcome, fault?.code ?? null]),
      ...more,
    }),
  );
  const post = async (payload: string | Buffer, headers: Record<string, string> = {}) => {
    const all = { 'content-type': 'application/json', ...headers };
    const response = await app.inject({ method: 'POST', url: '/alerts', payload, headers: all });
    return { status: response.statusCode, body: response.json() };
  };
  return { post, inputs, told };
}

const bearer = { authorization: `Bearer ${SECRET}` };
const grafana = (body: string, seconds = NOW_MS / 1000, secret = SECRET) => ({
  'x-grafana-alerting-signature': createHmac('sha256', secret).update(`${seconds}:${body}`).digest('hex'),
  'x-grafana-alerting-timestamp': String(seconds),
});

test('an alert that names a trigger and a stream is handed on; others are ignored, and fields of theirs are left alone', async () => {
  const { post, inputs, told } = await site();
  const other = { ...ALERT, labels: { alertname: 'DiskFull' } };
  const { status, body } = await post(bodyOf(ALERT, other), bearer);
  expect([status, body]).toEqual([200, { taken: 1, ignored: 1, decisions: [] }]);
  expect(inputs).toEqual([
    [
      'shop',
      {
        kind: 'alert',
        key: expect.stringMatching(/^alert [0-9a-f]{32}$/),
        trigger: 'producer_changed',
        atMs: Date.parse(ALERT.startsAt),
        firing: true,
      },
    ],
  ]);
  expect(told).toEqual([['accepted', null]]);
});

test('the same alert has the same key however often it is sent, its end and its next start have others', async () => {
  const { post, inputs } = await site();
  const later = { ...ALERT, startsAt: '2026-01-05T00:00:00Z' };
  const body = bodyOf(ALERT, { ...ALERT, annotations: {} }, { ...ALERT, status: 'resolved' }, later);
  await post(body, bearer);
  const keys = inputs.map(([, { key }]) => key);
  expect(keys[0]).toBe(keys[1]);
  expect(new Set(keys).size).toBe(3);
});

test('signatures are taken: ours and that of Grafana', async () => {
  const { post } = await site();
  const body = bodyOf(ALERT);
  expect((await post(body, { 'tidewatch-signature': sign(SECRET, body, NOW_MS) })).status).toBe(200);
  expect((await post(body, grafana(body))).status).toBe(200);
});

test('whoever has not the secret is refused before the body is looked at, and so is a replay', async () => {
  const { post, inputs, told } = await site();
  const body = bodyOf(ALERT);
  const stale = NOW_MS / 1000 - 301;
  const refused = [
    await post('{ not json', {}),
    await post('{ not json', { authorization: 'Bearer another-secret-entirely' }),
    await post(body, { 'tidewatch-signature': sign('another-secret-entirely', body, NOW_MS) }),
    await post(`${body} `, { 'tidewatch-signature': sign(SECRET, body, NOW_MS) }),
    await post(body, { 'tidewatch-signature': sign(SECRET, body, NOW_MS - 301_000) }),
    await post(body, { ...bearer, 'tidewatch-signature': 'nonsense' }),
    await post(body, grafana(body, stale)),
    await post(body, grafana(body, NOW_MS / 1000, 'another-secret-entirely')),
    await post(body, { 'x-grafana-alerting-signature': grafana(body)['x-grafana-alerting-signature'] }),
  ];
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401));
  expect(inputs).toEqual([]);
  expect(told.every(([outcome]) => outcome === 'refused')).toBe(true);
  expect(JSON.stringify([refused, told])).not.toContain(SECRET);
});

test('without a secret the address is shut', async () => {
  const { post } = await site({ secret: undefined });
  expect((await post(bodyOf(ALERT), bearer)).status).toBe(404);
});

test('bodies that are no such webhook, or too large, are refused and counted', async () => {
  const { post, told } = await site();
  const bad = ['', '[]', '{"alerts":[{}]}', bodyOf({ ...ALERT, status: 'maybe' }), Buffer.from([0xff, 0xfe])];
  for (const body of bad) expect((await post(body, bearer)).status).toBe(400);
  const large = bodyOf({ ...ALERT, annotations: { text: 'x'.repeat(70_000) } });
  expect((await post(large, bearer)).status).toBe(413);
  expect(told.length).toBe(bad.length + 1);
  expect(told.every(([outcome]) => outcome === 'refused')).toBe(true);
});

test('while nobody decides here it says so with 503, and the sender comes again', async () => {
  const { post, told } = await site({ take: async () => fail('stands_by', '') });
  expect((await post(bodyOf(ALERT), bearer)).status).toBe(503);
  expect(told).toEqual([['unavailable', 'stands_by']]);
});

test('the alert that always fires is heard when it fires, whoever decides, and never when its sender is not authentic', async () => {
  let heard = 0;
  const { post, inputs } = await site({ watched: () => heard++ });
  const watchdog = { ...ALERT, labels: { alertname: 'watchdog' } };
  expect((await post(bodyOf(watchdog), bearer)).body).toEqual({ taken: 0, ignored: 1, decisions: [] });
  expect(heard).toBe(1);
  await post(bodyOf(watchdog), {});
  await post(bodyOf({ ...watchdog, status: 'resolved' }), bearer);
  expect([heard, inputs]).toEqual([1, []]);
});
