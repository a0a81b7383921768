import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TcpProxy } from './proxy.ts';

let echo: Server;
let proxy: TcpProxy;
const heard: string[] = [];

beforeEach(async () => {
  heard.length = 0;
  echo = createServer((socket) => {
    socket.on('data', (bytes) => {
      heard.push(bytes.toString());
      socket.write(bytes);
    });
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.open((echo.address() as { port: number }).port);
});

afterEach(async () => {
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

async function connected(): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port: proxy.port });
  socket.on('error', () => undefined); // the end of a test resets what is left
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  return String((await once(socket, 'data'))[0]);
}

test('passes everything on, slow or not, in its order', async () => {
  const socket = await connected();
  expect(await ask(socket, 'a')).toBe('a');
  proxy.latencyMs = 30;
  const startedMs = performance.now();
  expect(await ask(socket, 'b')).toBe('b');
  expect(performance.now() - startedMs).toBeGreaterThan(25);
  proxy.heal();
  expect(await ask(socket, 'c')).toBe('c');
  expect(proxy.delayed).toBe(1);
});

test('ends or resets connections, and refuses new ones while it is closed', async () => {
  const socket = await connected();
  await ask(socket, 'a');
  proxy.closed = true;
  proxy.cut('reset');
  await expect(once(socket, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
  const refused = await connected();
  await once(refused, 'close');
  proxy.heal();
  const again = await connected();
  expect(await ask(again, 'b')).toBe('b');
  proxy.cut('end');
  await once(again, 'end');
  expect(proxy.broken).toBe(3);
});

test('a mute proxy takes everything and gives nothing; what was under way is broken when it speaks again', async () => {
  const socket = await connected();
  await ask(socket, 'a');
  proxy.mute = true;
  socket.write('b');
  const other = await connected();
  expect(await ask(await speaking(), 'c')).toBe('c');
  expect(heard).toEqual(['a', 'c']);
  other.destroy();

  async function speaking(): Promise<Socket> {
    const broken = once(socket, 'close').catch((error: NodeJS.ErrnoException) => error.code);
    // the proxy has the bytes once the event loop has come round
    while (heard.length > 0 && proxy.held === 0) await new Promise((resolve) => setImmediate(resolve));
    proxy.heal();
    expect(await broken).toBe('ECONNRESET');
    return connected();
  }
});

test('loses the answer to the request that is meant, which did reach the server', async () => {
  const socket = await connected();
  proxy.loseAnswer((request) => request.includes('COMMIT'));
  expect(await ask(socket, 'SELECT')).toBe('SELECT');
  socket.write('COMMIT');
  await expect(once(socket, 'data')).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(heard).toEqual(['SELECT', 'COMMIT']);
  const again = await connected();
  expect(await ask(again, 'COMMIT')).toBe('COMMIT');
});
