import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import { MemoryOutbox } from '../../../monitor/memory/notify.ts';
import { MonitorTables } from '../../../monitor/memory/tables.ts';
import { MAX_ATTEMPTS } from '../../../monitor/notify/ports.ts';
import { retryAfterMs, Sender } from '../../../monitor/notify/sender.ts';

let server: Server;
/** Keys and bodies that came, in order; what is answered each time. */
let came: string[] = [];
let answers: (response: ServerResponse) => void;

beforeEach(async () => {
  came = [];
  answers = (response) => response.writeHead(200).end();
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    came.push(`${request.url} ${request.headers['idempotency-key']} ${body}`);
    answers(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

function senderOf(messages: { id: string; receiver: string }[]) {
  const tables = new MonitorTables();
  const clock = new ManualClock();
  for (const { id, receiver } of messages) {
    const waiting = { status: 'waiting', attempts: 0, nextMs: clock.now(), lastError: null } as const;
    tables.outbox.set(id, { id, receiver, body: `{"id":"${id}"}`, createdMs: clock.now(), ...waiting });
  }
  const outbox = new MemoryOutbox(tables);
  const told: string[] = [];
  const url = (name: string) => `http://localhost:${(server.address() as AddressInfo).port}/${name}`;
  const receivers = ['pager', 'chat'].map((name) => {
    return { name, url: url(name), allowHosts: [], allowPrivate: true, secret: null };
  });
  const sender = new Sender({
    outbox,
    receivers,
    clock,
    told: ({ id }, outcome, reason) => told.push(`${id} ${outcome}${reason === null ? '' : `: ${reason}`}`),
  });
  return { sender, clock, outbox, told };
}

test('what is due is delivered once, each to its receiver', async () => {
  const { sender, told } = senderOf([
    { id: 'd-1', receiver: 'pager' },
    { id: 'd-2', receiver: 'chat' },
  ]);
  expect(await sender.round()).toBe(2);
  expect(await sender.round()).toBe(0);
  expect(came.sort()).toEqual(['/chat d-2 {"id":"d-2"}', '/pager d-1 {"id":"d-1"}']);
  expect(told.sort()).toEqual(['d-1 delivered', 'd-2 delivered']);
});

test('a receiver that fails is tried again with the same key and body, later each time', async () => {
  answers = (response) => response.writeHead(500).end();
  const { sender, clock, outbox } = senderOf([{ id: 'd-1', receiver: 'pager' }]);
  await sender.round();
  clock.advance(retryAfterMs(1) - 1);
  expect(await sender.round()).toBe(0);
  clock.advance(1);
  answers = (response) => response.writeHead(204).end();
  expect(await sender.round()).toBe(1);
  expect(came).toEqual(['/pager d-1 {"id":"d-1"}', '/pager d-1 {"id":"d-1"}']);
  expect(await outbox.backlog()).toEqual([]);
});

test('the time between attempts doubles from five seconds to an hour', () => {
  expect([1, 2, 3, 10, 11, 1000].map(retryAfterMs)).toEqual([5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000]);
});

test('after the last attempt it is given up, and that is told with the reason', async () => {
  answers = (response) => response.writeHead(503).end();
  const { sender, clock, outbox, told } = senderOf([{ id: 'd-1', receiver: 'pager' }]);
  for (let i = 1; i <= MAX_ATTEMPTS; i++) {
    await sender.round();
    clock.advance(retryAfterMs(i));
  }
  expect(await sender.round()).toBe(0);
  expect(came).toHaveLength(MAX_ATTEMPTS);
  expect(told.at(-1)).toMatch(/^d-1 given_up: .*answered 503/);
  expect((await outbox.backlog())[0]).toMatchObject({ receiver: 'pager', waiting: 0, givenUp: 1 });
});

test('a receiver that the configuration no longer has is given up at once', async () => {
  const { sender, told } = senderOf([{ id: 'd-1', receiver: 'fax' }]);
  await sender.round();
  expect(told[0]).toMatch(/^d-1 given_up: .*no receiver has this name/);
});

test('a receiver that never answers holds up no other, and a deliverer that died loses its messages to the next', async () => {
  const { sender, clock, outbox } = senderOf([
    { id: 'd-1', receiver: 'pager' },
    { id: 'd-2', receiver: 'chat' },
  ]);
  const hanging: ServerResponse[] = [];
  answers = (response) => (came.at(-1)!.startsWith('/pager') ? hanging.push(response) : response.writeHead(200).end());
  const stuck = sender.round();
  while (came.length < 2 || (await outbox.list({ status: 'delivered' })).length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  expect(await outbox.take(clock.now(), 10, 1)).toEqual([]);
  clock.advance(60_000);
  expect((await outbox.take(clock.now(), 10, 1)).map(({ id }) => id)).toEqual(['d-1']);
  for (const response of hanging) response.writeHead(200).end();
  await stuck;
});
