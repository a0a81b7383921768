import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { explainer, probe } from '../../../ingest/kafka/probe.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that does so with whoever connects and says something; its address. */
async function serverThat(answers: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the probe hangs up as it likes
    socket.once('data', () => answers(socket));
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

const plain = { tls: null, sasl: null };

/** An answer to ApiVersions that names one request with its versions. */
function versions(request: number, min: number, max: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeInt32BE(16, 0);
  bytes.writeInt32BE(1, 4);
  bytes.writeInt32BE(1, 10);
  bytes.writeInt16BE(request, 14);
  bytes.writeInt16BE(min, 16);
  bytes.writeInt16BE(max, 18);
  return bytes;
}

test.each([
  [4, 18, '4.1 or newer', true],
  [4, 17, '4.0', true],
  [0, 17, '3.9', true],
  [0, 15, 'older than 3.9', false],
])('a broker that fetches by versions %i to %i is %s', async (min, max, version, known) => {
  const address = await serverThat((socket) => socket.end(versions(1, min, max)));
  expect(await probe(address, plain)).toEqual({ ok: true, value: { version, known, tls: null } });
});

test('says what keeps it out', async () => {
  const told = async (answers: (socket: Socket) => void) => {
    const found = await probe(await serverThat(answers), plain);
    return found.ok ? 'ok' : `${found.fault.code}: ${found.fault.detail}`;
  };
  expect(await told((socket) => socket.end())).toBe('broker_unavailable: closes the connection without an answer');
  expect(await told((socket) => socket.end(versions(18, 0, 4)))).toMatch(/lets nobody fetch/);
  expect(await told((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))).toMatch(/^broker_unavailable/);
  const nobody = await probe('127.0.0.1:1', plain);
  expect(nobody).toMatchObject({
    ok: false,
    fault: { code: 'broker_unavailable', detail: expect.stringMatching(/ECONNREFUSED/) },
  });
});

test('no answer, whatever its bytes, is taken for more than it is', async () => {
  let bytes = new Uint8Array();
  const address = await serverThat((socket) => socket.end(bytes));
  const framed = fc.uint8Array({ maxLength: 64 }).map((rest) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(rest.length);
    return new Uint8Array([...size, ...rest]);
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 64 }), framed), async (answer) => {
      bytes = answer;
      const found = await probe(address, plain);
      if (!found.ok) expect(['broker_unavailable', 'broker_refused']).toContain(found.fault.code);
    }),
    { numRuns: 100 },
  );
});

test('a fault stays what it is unless a closer look knows better', async () => {
  const settings = {
    brokers: ['127.0.0.1:1'],
    clientId: 'x',
    ...plain,
    sessionTimeoutMs: 1,
    rebalanceTimeoutMs: 1,
    maxWaitMs: 1,
  };
  const refusal = { code: 'broker_refused', detail: 'Not authorized to access group' } as const;
  const explain = explainer(settings, async (groupId) => (groupId === 'theirs' ? refusal : null));
  const lost = { code: 'broker_unavailable', detail: 'Failed to find group coordinator' } as const;
  expect(await explain(lost, 'theirs')).toEqual(refusal);
  expect(await explain(lost, 'ours')).toEqual(lost);
  expect(await explain(lost)).toEqual(lost);
  const closed = { code: 'broker_unavailable', detail: 'Closed connection' } as const;
  expect(await explain(closed)).toEqual(closed);
});
