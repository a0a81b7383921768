import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deliver, type Receiver } from '../../../monitor/notify/deliver.ts';
import { verifySignature } from '../../../monitor/notify/signature.ts';

const NOW_MS = 1_760_000_000_000;
let server: Server;
let answer = 200;
let got: { request: IncomingMessage; body: string }[] = [];

beforeEach(async () => {
  got = [];
  answer = 200;
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    got.push({ request, body });
    response.writeHead(answer, answer === 302 ? { location: '/elsewhere' } : {}).end('an answer nobody reads');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const receiver = (more: Partial<Receiver> = {}): Receiver => ({
  name: 'here',
  url: `http://localhost:${(server.address() as AddressInfo).port}/hook`,
  allowHosts: [],
  allowPrivate: true,
  secret: 'a secret of some length',
  ...more,
});

test('a message arrives whole and signed, with its key', async () => {
  const body = '{"status":"firing","summary":"außer Rand"}';
  expect(await deliver(receiver(), { id: 'key-1', body }, NOW_MS)).toEqual({ ok: true, value: null });
  expect(got[0]!.body).toBe(body);
  expect(got[0]!.request.headers['idempotency-key']).toBe('key-1');
  const header = got[0]!.request.headers['tidewatch-signature'] as string;
  expect(verifySignature(['a secret of some length'], header, body, NOW_MS).ok).toBe(true);
});

test.each([404, 500, 302])('an answer of %i is a failure, and a redirect is not followed', async (status) => {
  answer = status;
  expect(await deliver(receiver(), { id: 'k', body: '{}' }, NOW_MS)).toMatchObject({
    fault: { code: 'delivery_failed', detail: `the receiver answered ${status}` },
  });
  expect(got).toHaveLength(1);
});

test('a name that leads back to this machine is refused unless that is allowed, and nothing arrives', async () => {
  expect(await deliver(receiver({ allowPrivate: false }), { id: 'k', body: '{}' }, NOW_MS)).toMatchObject({
    fault: { code: 'destination_refused', detail: 'localhost resolves to a private address' },
  });
  expect(got).toHaveLength(0);
});

test('a receiver that is not there is a failure that says so', async () => {
  const gone = receiver({ url: 'http://localhost:1/hook' });
  expect(await deliver(gone, { id: 'k', body: '{}' }, NOW_MS)).toMatchObject({
    fault: { code: 'delivery_failed', detail: 'ECONNREFUSED' },
  });
});
