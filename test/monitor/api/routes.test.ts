import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import { TidewatchError } from '../../../core/errors.ts';
import { SECURITY_HEADERS } from '../../../monitor/api/headers.ts';
import { MAX_BODY_BYTES } from '../../../monitor/api/schemas.ts';
import { FixtureWorld } from '../../console/fixture.ts';
import { fixtureApp } from '../../console/server.ts';

const END_MS = Date.UTC(2026, 0, 7, 14, 30);
const HOST = { host: '127.0.0.1:8484' };

describe('the API', () => {
  const world = new FixtureWorld({ endMs: END_MS, historyMs: 2 * 3_600_000 });
  let app: FastifyInstance;
  const call = async (options: InjectOptions) => {
    const answer = await app.inject({ ...options, headers: { ...HOST, ...options.headers } });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? null : answer.json() };
  };
  const get = (url: string) => call({ method: 'GET', url });

  beforeAll(async () => {
    app = await fixtureApp(world, new ManualClock(END_MS));
  });
  afterAll(() => app.close());

  test('lists entities with an incident first and says how many there are', async () => {
    const { body } = await get('/api/entities?limit=3');
    expect(body.total).toBe(13);
    expect(body.anomalous).toBe(2);
    expect(body.entities.map((e: { entity: string }) => e.entity).slice(0, 2)).toEqual(['ledger', 'checkout']);
    expect(body.entities).toHaveLength(3);
  });

  test('gives an entity as columns of equal length that agree with the stored verdicts', async () => {
    const { body } = await get(`/api/entities/demo/checkout?from=${END_MS - 900_000}&to=${END_MS}`);
    const stored = await world.verdicts('demo', 'checkout', { fromMs: END_MS - 900_000, toMs: END_MS }, 1_000);
    expect(body.windows).toBe(stored.length);
    expect(body.times).toEqual(stored.map((v) => v.windowStartMs + v.windowMs));
    for (const [i, series] of body.series.entries()) {
      expect(series.value).toHaveLength(stored.length);
      const newest = stored.at(-1)!.readings.values[i]!;
      expect(Math.abs(series.value.at(-1) - newest)).toBeLessThanOrEqual(1e-5 * Math.abs(newest));
    }
    expect(body.incidents[0].attributions[0].text).toMatch(/^latency_ms \d+, expected/);
  });

  test('finds verdicts and incidents by ids that hold slashes, and by names of 256 characters', async () => {
    const [incident] = await world.incidents({ limit: 1 });
    expect((await get(`/api/incidents/${encodeURIComponent(incident!.id)}`)).body.id).toBe(incident!.id);
    const [verdict] = await world.verdicts('demo', 'auth', { fromMs: 0, toMs: END_MS }, 1);
    expect((await get(`/api/verdicts/${encodeURIComponent(verdict!.id)}`)).body.readings).toHaveLength(6);
    const long = await get(`/api/entities/demo/${encodeURIComponent('é/'.repeat(128))}`);
    expect(long.status).toBe(404);
    expect(long.body.code).toBe('not_found');
  });

  test.each([
    ['/api/entities?limit=0', 'limit'],
    ['/api/entities?colour=red', 'colour'],
    ['/api/entities/demo/checkout?from=2&to=1', 'from'],
    [`/api/entities/demo/checkout?from=1&to=${END_MS}`, 'to'],
    ['/api/entities/demo/checkout?from=NaN', 'from'],
    ['/api/incidents?open=maybe', 'open'],
    ['/api/incidents?from=2&to=1', 'from'],
    ['/api/dead-letters?to=tomorrow', 'to'],
    ['/api/dead-letters?limit=100000', 'limit'],
    ['/api/status?x=1', 'x'],
  ])('refuses %s and names what is wrong', async (url, field) => {
    const { status, body } = await get(url);
    expect(status).toBe(400);
    expect(body.code).toBe('request_invalid');
    expect(body.message).toContain(field);
    expect(body.remedy).not.toBe('');
  });

  test('shows dead letters as text with meaning and remedy, never their raw bytes', async () => {
    const { body } = await get('/api/dead-letters?limit=10');
    expect(body.deadLetters[0]).toMatchObject({ code: 'record_not_json', meaning: 'The record is not valid JSON.' });
    expect(body.deadLetters[0].preview).toContain('"entity":"payments"');
  });

  test('says what PostgreSQL being away means, in every route that needs it', async () => {
    world.failure = new TidewatchError('database_unavailable', '');
    for (const url of ['/api/status', '/api/entities', '/api/incidents', '/api/dead-letters', '/health/ready']) {
      const { status, body } = await get(url);
      expect(status, url).toBe(503);
      expect(JSON.stringify(body), url).toContain('PostgreSQL does not answer.');
    }
    world.failure = null;
  });

  test('keeps the words of an unexpected failure to itself', async () => {
    world.failure = new Error('password=hunter2');
    const { status, body } = await get('/api/entities');
    world.failure = null;
    expect(status).toBe(500);
    expect(body.code).toBe('internal');
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  test('injects a fault, shows it as active and clears it', async () => {
    const made = await call({ method: 'POST', url: '/api/faults', payload: { fault: 'leak', entity: 'cart' } });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ fault: 'leak', entity: 'cart', metric: 'memory_bytes' });
    const { body } = await get('/api/faults');
    expect(body.active.map((f: { id: string }) => f.id)).toContain(made.body.id);
    const url = `/api/faults/${made.body.id}`;
    expect((await call({ method: 'DELETE', url })).status).toBe(204);
    expect((await call({ method: 'DELETE', url })).status).toBe(404);
  });

  test('refuses faults that do not exist, unknown properties, other types and large bodies', async () => {
    const post = (payload: string | object, type = 'application/json') =>
      call({ method: 'POST', url: '/api/faults', payload, headers: { 'content-type': type } });
    expect((await post({ fault: 'lek' })).body.code).toBe('fault_unknown');
    expect((await post({ fault: 'leak', speed: 1 })).body.message).toContain('speed');
    expect((await post({ fault: 'leak', magnitude: '3' })).status).toBe(400);
    expect((await post('{"fault":')).body.code).toBe('request_invalid');
    expect((await post('{"__proto__":{"a":1},"fault":"leak"}')).status).toBe(400);
    expect((await post('fault=leak', 'application/x-www-form-urlencoded')).status).toBe(415);
    expect((await post({ fault: 'x'.repeat(MAX_BODY_BYTES) })).status).toBe(413);
  });

  test('says that there is no demo fleet where it is switched off', async () => {
    const bare = await fixtureApp(world, new ManualClock(END_MS), false);
    expect((await bare.inject({ url: '/api/faults', headers: HOST })).json()).toMatchObject({ demo: false, kinds: [] });
    const post = await bare.inject({ method: 'POST', url: '/api/faults', payload: { fault: 'leak' }, headers: HOST });
    expect(post.json().message).toContain('demo fleet is switched off');
    await bare.close();
  });

  test('readiness names the source that serves each stream', async () => {
    const { status, body } = await get('/health/ready');
    expect(status).toBe(200);
    expect(body.ready).toBe(true);
    expect(body.streams).toMatchObject([
      { stream: 'demo', source: 'forest', modelId: 'demo-9f31c2', training: null },
      { stream: 'host', source: 'fallback', modelId: null, training: { needed: 720 } },
    ]);
    expect((await get('/health/live')).body).toEqual({ live: true });
  });

  test('long answers are compressed for callers that take it, and are the same answers', async () => {
    const url = `/api/entities/demo/checkout?from=${END_MS - 900_000}&to=${END_MS}`;
    const plain = await app.inject({ url, headers: HOST });
    expect(plain.headers['content-encoding']).toBeUndefined();
    for (const [encoding, unpack] of [
      ['br', brotliDecompressSync],
      ['gzip', gunzipSync],
    ] as const) {
      const packed = await app.inject({ url, headers: { ...HOST, 'accept-encoding': encoding } });
      expect(packed.headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding' });
      expect(unpack(packed.rawPayload).toString()).toBe(plain.body);
      expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
    }
    const short = await app.inject({ url: '/api/entities?limit=1', headers: { ...HOST, 'accept-encoding': 'br' } });
    expect(short.headers['content-encoding']).toBeUndefined();
  });

  test('dead letters are counted by reason and found by time, stream and reason', async () => {
    const { body } = await get('/api/dead-letters');
    expect(body.counts.map((c: { code: string; count: number }) => [c.code, c.count])).toContainEqual([
      'key_forbidden',
      1,
    ]);
    const one = (await get(`/api/dead-letters?code=key_forbidden&from=${END_MS - 7_200_000}&to=${END_MS}`)).body;
    expect(one.deadLetters.map((d: { code: string }) => d.code)).toEqual(['key_forbidden']);
    expect(one.counts).toEqual(body.counts);
    expect((await get(`/api/dead-letters?to=${END_MS - 7_200_000}`)).body).toEqual({ counts: [], deadLetters: [] });
    expect((await get('/api/dead-letters?stream=host')).body.deadLetters).toHaveLength(1);
  });

  test('incidents are found by the time in which they were open', async () => {
    const all = (await get('/api/incidents')).body.incidents as { id: string; startMs: number; resolvedMs: number }[];
    const past = all.find((i) => i.resolvedMs !== null)!;
    const ids = async (from: number, to: number) =>
      (await get(`/api/incidents?from=${from}&to=${to}`)).body.incidents.map((i: { id: string }) => i.id);
    expect(await ids(past.startMs, past.resolvedMs)).toContain(past.id);
    expect(await ids(past.resolvedMs + 1, END_MS + 1)).not.toContain(past.id);
    expect(await ids(0, past.startMs)).not.toContain(past.id);
  });

  test('every page address gives the document; files are compressed and asked for once', async () => {
    for (const url of ['/', '/incidents', '/incidents/a%2Fb', '/entities/demo/x', '/pipeline']) {
      const page = await app.inject({ url, headers: { ...HOST, 'accept-encoding': 'gzip, br' } });
      expect(page.headers['content-type'], url).toContain('text/html');
      expect(page.headers['content-encoding'], url).toBe('br');
      expect(page.headers, url).toMatchObject(SECURITY_HEADERS);
    }
    const first = await app.inject({ url: '/uplot/uPlot.esm.js', headers: HOST });
    expect(first.headers['content-encoding']).toBeUndefined();
    const headers = { ...HOST, 'if-none-match': String(first.headers.etag) };
    expect((await app.inject({ url: '/uplot/uPlot.esm.js', headers })).statusCode).toBe(304);
  });
});
