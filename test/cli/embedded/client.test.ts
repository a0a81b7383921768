import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { announce, announced, localUrl } from '../../../cli/embedded/address.ts';
import { call } from '../../../cli/embedded/client.ts';
import { parseConfig } from '../../../core/config/parse.ts';
import { orThrow, type TidewatchError } from '../../../core/errors.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-'));
const config = (http: object) => orThrow(parseConfig({ object: { dataDir: dir, http } })).config;
let server: Server | null = null;

afterEach(() => {
  server?.close();
  server = null;
});

async function answering(status: number, body: string): Promise<number> {
  server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const failure = (port: number): Promise<TidewatchError> =>
  call(config({ port }), 'GET', '/api/status').then(
    () => expect.unreachable(),
    (cause) => cause,
  );

test('a server on every address is reached by loopback', () => {
  expect(localUrl('0.0.0.0', 1)).toBe('http://127.0.0.1:1');
  expect(localUrl('::', 1)).toBe('http://[::1]:1');
  expect(localUrl('fd00::7', 1)).toBe('http://[fd00::7]:1');
  expect(localUrl('localhost', 1)).toBe('http://localhost:1');
});

test('a port that the system chose is found by commands beside the process', () => {
  const withdraw = announce(config({ port: 0 }), 'http://127.0.0.1:49152');
  expect(announced(config({ port: 0 }))).toBe('http://127.0.0.1:49152');
  expect(announced(config({ port: 8484 }))).toBe('http://127.0.0.1:8484');
  withdraw();
  expect(announced(config({ port: 0 }))).toBe('http://127.0.0.1:0');
  rmSync(dir, { recursive: true });
});

test('what the process refuses is said once, not twice', async () => {
  const message = 'There is no such fault. Fault "laek", did you mean leak?';
  const port = await answering(400, JSON.stringify({ code: 'fault_unknown', message, remedy: '…' }));
  expect((await failure(port)).message).toBe(
    'fault_unknown: There is no such fault. (Fault "laek", did you mean leak?) `tidewatch inject --help` lists them.',
  );
});

test.each([
  [200, '<html>'],
  [404, 'nothing here'],
  [500, '{"code":"constructor","message":"x"}'],
])('a program that is not Tidewatch is told as such (%i)', async (status, body) => {
  expect((await failure(await answering(status, body))).detail).toContain('is not Tidewatch');
});

test('nothing that answers names the command to run', async () => {
  const port = await answering(200, '');
  server!.close();
  expect((await failure(port)).detail).toMatch(/nothing answers on .*tidewatch up/);
});
