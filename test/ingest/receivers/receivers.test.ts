import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { streamConfig } from '../../../core/config/stream.ts';
import { fail } from '../../../core/errors.ts';
import { decoderFor } from '../../../ingest/decode/index.ts';
import { MemoryLog } from '../../../ingest/memory-log.ts';
import type { Log } from '../../../ingest/ports.ts';
import { receivers } from '../../../ingest/receivers/index.ts';
import { readAll, textOf } from '../../log.suite.ts';
import { newDir, openLog, settableClock, UnreliableFiles } from '../file-log/files.ts';

const NOW_MS = 1_700_000_000_000;
let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
});

const telemetry = streamConfig.parse({ name: 'telemetry' });
const lines = streamConfig.parse({ name: 'lines', encoding: 'influx' });

async function serve(more: { token?: string; maxBodyBytes?: number; log?: Log } = {}) {
  const clock = settableClock(NOW_MS);
  const logs = new Map([telemetry, lines].map((s) => [s.name, more.log ?? new MemoryLog(clock)]));
  const made = receivers({
    streams: [telemetry, lines],
    defaultStream: 'telemetry',
    logFor: (stream) => logs.get(stream)!,
    clock,
    ...more,
  });
  const app = Fastify();
  await app.register(made.plugin);
  await app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(url + path, { method: 'POST', body: body as string, headers });
  const write = (body: string | Uint8Array, query = '', headers: Record<string, string> = {}) =>
    post(`/api/v2/write${query}`, body, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  return { ...made, app, port, url, post, write, logs };
}

/** What the stream's fold would see of its log. */
async function points(log: Log, stream = telemetry) {
  const out: string[] = [];
  const decode = decoderFor(stream);
  for (const record of await readAll(log)) {
    decode(record.value, record.appendMs, {
      sample: (s) => {
        for (const [i, name] of s.names.entries()) out.push(`${s.entity} ${name}=${s.values[i]} @${s.timeMs}`);
      },
      cumulative: (c) => out.push(`${c.entity} ${c.metric} since ${c.startMs}: ${c.totals} @${c.timeMs}`),
      event: (e) => out.push(`${e.entity} ${e.level} ${e.body}`),
      fault: (fault) => out.push(`${fault.code} ${fault.detail}`),
    });
  }
  return out;
}

test('one line by curl is taken with 204 and is in the log', async () => {
  const { post, logs, counters } = await serve();
  const answer = await post('/api/v2/write', 'cpu,host=a value=1\n', {
    'content-type': 'application/x-www-form-urlencoded',
  });
  expect(answer.status).toBe(204);
  expect(await answer.text()).toBe('');
  expect(await points(logs.get('telemetry')!)).toEqual([`a cpu=1 @${NOW_MS}`]);
  expect(counters).toEqual({ accepted: 1, refused: 0, turnedAway: 0 });
});

test('a batch of a thousand gzipped lines, as Telegraf sends it, is whole in the log of either encoding', async () => {
  const { write, logs } = await serve();
  const batch = Array.from(
    { length: 1000 },
    (_, i) => `cpu,host=h${i % 7},cpu=c${i % 2} usage=${i}.5 17000000${1000 + i}`,
  );
  for (const stream of [telemetry, lines]) {
    const query = `?org=o&bucket=${stream.name}&precision=s`;
    const answer = await write(gzipSync(`${batch.join('\n')}\n`), query, { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(204);
    const seen = await points(logs.get(stream.name)!, stream);
    expect(seen.sort()).toEqual(
      batch.map((_, i) => `h${i % 7} cpu_usage{cpu=c${i % 2}}=${i}.5 @17000000${1000 + i}000`).sort(),
    );
    const keys = (await readAll(logs.get(stream.name)!)).map((r) => new TextDecoder().decode(r.key!));
    expect(keys).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
  }
});

test('lines of a line-protocol stream stay as they were sent, timestamps in nanoseconds', async () => {
  const { write, logs } = await serve();
  await write('a,host=x v=1i,s="q\n 5" 1700000000123\n# comment\r\nb,host=x v=2\r\n', '?bucket=lines&precision=ms');
  expect((await readAll(logs.get('lines')!)).map(textOf)).toEqual([
    'a,host=x v=1i,s="q\n 5" 1700000000123000000\nb,host=x v=2',
  ]);
});

test('bad lines are named with 400 and the good ones are stored', async () => {
  const { write, logs, counters } = await serve();
  const answer = await write(
    'cpu,host=a value=1\ncpu value=2\ncpu,host=a value=\ncpu,host=a value=4,x=NaN\ncpu,host=a value=5',
  );
  expect(answer.status).toBe(400);
  const { code, message } = (await answer.json()) as { code: string; message: string };
  expect(code).toBe('invalid');
  expect(message).toMatch(
    /^partial write: 3 of 5 lines refused; line 2, column 1: .*entity_missing.*; line 3, column 18: .*line_syntax.*; line 4, column 20: .*value_not_finite/,
  );
  expect(await points(logs.get('telemetry')!)).toEqual([`a cpu=1 @${NOW_MS}`, `a cpu=5 @${NOW_MS}`]);
  expect(counters).toEqual({ accepted: 2, refused: 3, turnedAway: 0 });
});

test('an unknown bucket goes to the default stream; an unknown stream, a precision and a method are refused', async () => {
  const { write, post, url } = await serve();
  expect((await write('m,host=a value=1', '?bucket=telegraf')).status).toBe(204);
  expect((await write('m,host=a value=1', '?stream=nope')).status).toBe(404);
  expect((await write('m,host=a value=1', '?precision=h')).status).toBe(400);
  expect((await write('m,host=a value=1', '?precision=__proto__')).status).toBe(400);
  expect((await post('/api/records?stream=lines', '{}')).status).toBe(400);
  expect((await fetch(`${url}/api/v2/write`)).status).toBe(404);
});

test('an empty body and comments alone are no error', async () => {
  const { write, logs } = await serve();
  expect((await write('')).status).toBe(204);
  expect((await write('# nothing\n\n')).status).toBe(204);
  expect(logs.get('telemetry')!.end()).toBe(0);
});

test('a body above the limit is 413, sent plain, gzipped, or in chunks', async () => {
  const { write, url, logs } = await serve({ maxBodyBytes: 10_000 });
  const body = 'm,host=a value=1\n'.repeat(1000);
  const packed = gzipSync(body);
  expect(packed.length).toBeLessThan(10_000);
  const answer = await write(body);
  expect([answer.status, await answer.json()]).toMatchObject([413, { code: 'request too large' }]);
  expect((await write(packed, '', { 'content-encoding': 'gzip' })).status).toBe(413);
  const stream = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(body));
      controller.close();
    },
  });
  const chunked = await fetch(`${url}/api/v2/write`, { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
  expect(chunked.status).toBe(413);
  expect(logs.get('telemetry')!.end()).toBe(0);
});

test('what is not gzip, or another compression, is refused', async () => {
  const { write } = await serve();
  expect((await write('plain', '', { 'content-encoding': 'gzip' })).status).toBe(400);
  expect((await write(gzipSync('m,host=a value=1').subarray(0, 20), '', { 'content-encoding': 'gzip' })).status).toBe(
    400,
  );
  expect((await write('x', '', { 'content-encoding': 'br' })).status).toBe(400);
});

test('with a token only its bearer may write, in either way of sending it', async () => {
  const { write } = await serve({ token: 'a-token-of-enough-length' });
  const send = async (authorization?: string) =>
    (await write('m,host=a value=1', '', authorization === undefined ? {} : { authorization })).status;
  expect(await send('Token a-token-of-enough-length')).toBe(204);
  expect(await send('Bearer a-token-of-enough-length')).toBe(204);
  for (const wrong of [
    undefined,
    'Token other',
    'Token ',
    'Basic a-token-of-enough-length',
    'a-token-of-enough-length',
  ])
    expect(await send(wrong)).toBe(401);
});

test('a web page of another site, or a rebound name, cannot write', async () => {
  const { port, logs } = await serve();
  const send = (headers: Record<string, string>, path = '/api/v2/write') =>
    new Promise<number>((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      });
      request.on('error', reject);
      request.end('m,host=a value=1');
    });
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
    expect(await send({ host })).toBe(204);
    expect(await send({ host, origin: `http://localhost:${port}` })).toBe(204);
  }
  const own = `localhost:${port}`;
  const foreign = [
    'http://evil.example',
    'null',
    'http://localhost:1',
    `https://localhost:${port}`,
    `http://localhost.evil.example:${port}`,
  ];
  for (const origin of foreign) expect(await send({ host: own, origin })).toBe(403);
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost', 'localhost:1'])
    for (const path of ['/api/v2/write', '/api/records']) expect(await send({ host }, path)).toBe(403);
  expect(logs.get('telemetry')!.end()).toBe(6);
});

test('overload is 429 and a full disk 503, both with Retry-After, and nothing is kept', async () => {
  const answers: [ReturnType<typeof fail>, number][] = [
    [fail('overloaded', 'x'), 429],
    [fail('disk_full', 'x'), 503],
    [fail('internal', 'x'), 500],
  ];
  for (const [result, status] of answers) {
    const log = new MemoryLog(settableClock(0));
    log.append = async () => result;
    const { write, post, counters } = await serve({ log });
    const answer = await write('m,host=a value=1');
    expect(answer.status).toBe(status);
    if (status !== 500) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await post('/api/records', '{"entity":"a","time":1,"values":{"x":1}}')).status).toBe(status);
    expect(counters).toEqual({ accepted: 0, refused: 0, turnedAway: 2 });
  }
});

test('a disk that fills up and is freed again: 503, then 204, and the log holds what was acknowledged', async () => {
  const files = new UnreliableFiles();
  const { log } = await openLog(newDir(), { files });
  closers.unshift(() => log.close());
  const { write } = await serve({ log });
  expect((await write('m,host=a value=1 1000000000')).status).toBe(204);
  files.freeBytes = 10;
  expect((await write('m,host=a value=2 2000000000')).status).toBe(503);
  files.freeBytes = Number.POSITIVE_INFINITY;
  expect((await write('m,host=a value=3 3000000000')).status).toBe(204);
  expect(await points(log)).toEqual(['a m=1 @1000', 'a m=3 @3000']);
});

test('what throws is 500 without a word of what was sent', async () => {
  const log = new MemoryLog(settableClock(0));
  log.append = async () => {
    throw new Error('secret detail');
  };
  const { write } = await serve({ log });
  const answer = await write('m,host=a value=1');
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('secret');
});

test('records by JSON lines are answered with counts and the lines refused', async () => {
  const { post, logs } = await serve();
  const body = [
    '{"entity":"a","time":1000,"values":{"x":1}}',
    '',
    'not json',
    '{"entity":"b","time":1000,"values":{"x":2,"y":null}}',
    '{"entity":"a","time":"1970-01-01T00:00:02Z","level":"warn","body":"hello"}\r',
    '[{"entity":"c","time":3000,"values":{"x":3}},{"entity":"d","time":3000,"values":{"x":4}}]',
  ].join('\n');
  const answer = await post('/api/records', body);
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({
    accepted: 4,
    refused: 2,
    rejected: [
      { line: 3, code: 'record_not_json' },
      { line: 4, code: 'value_not_number' },
    ],
  });
  expect(await points(logs.get('telemetry')!)).toEqual(['a x=1 @1000', 'a warn hello', 'c x=3 @3000', 'd x=4 @3000']);
});

test('records may be one list, one object over several lines, or all bad', async () => {
  const { post, logs } = await serve();
  const object = { entity: 'a', time: 1000, values: { x: 1 } };
  expect((await post('/api/records', JSON.stringify(object, null, 2))).status).toBe(202);
  const answer = await post('/api/records', JSON.stringify([object, 7, { ...object, entity: 'b' }], null, 2));
  expect(await answer.json()).toMatchObject({ accepted: 2, refused: 1, rejected: [{ line: 2, code: 'record_shape' }] });
  expect((await post('/api/records', 'x\ny')).status).toBe(400);
  expect((await post('/api/records', new Uint8Array([0xff, 0xfe, 10]))).status).toBe(400);
  expect((await post('/api/records', `[${'['.repeat(200_000)}${']'.repeat(200_000)}]`)).status).toBe(400);
  expect(await points(logs.get('telemetry')!)).toEqual(['a x=1 @1000', 'a x=1 @1000', 'b x=1 @1000']);
});
