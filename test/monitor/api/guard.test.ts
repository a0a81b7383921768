import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { checkSameOrigin } from '../../../monitor/api/guard.ts';

const allowed = (method: string, headers: Record<string, string>, localAddress = '127.0.0.1') =>
  checkSameOrigin({ method, headers, socket: { localAddress } } as unknown as IncomingMessage).ok;

const HERE = { host: '127.0.0.1:8484' };

describe('the guard against pages of other sites', () => {
  test('lets this machine read and write, by any of its loopback names and through a forwarded port', () => {
    for (const host of ['127.0.0.1:8484', 'localhost:9000', 'LOCALHOST', '[::1]:8484']) {
      expect(allowed('GET', { host }), host).toBe(true);
      expect(allowed('POST', { host }), host).toBe(true);
      expect(allowed('POST', { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }), host).toBe(true);
    }
  });

  test('refuses a name that was rebound to this machine, for reads as well', () => {
    for (const host of ['evil.example', 'evil.example:8484', '127.0.0.1.evil.example', '', 'localhost.evil'])
      expect(allowed('GET', { host }), host).toBe(false);
  });

  test('refuses writes that another site asked for', () => {
    expect(allowed('POST', { ...HERE, origin: 'http://evil.example' })).toBe(false);
    expect(allowed('POST', { ...HERE, origin: 'null' })).toBe(false);
    expect(allowed('DELETE', { ...HERE, origin: 'http://127.0.0.1:9999' })).toBe(false);
    expect(allowed('POST', { ...HERE, 'sec-fetch-site': 'cross-site' })).toBe(false);
    expect(allowed('POST', { ...HERE, 'sec-fetch-site': 'same-site' })).toBe(false);
  });

  test('off loopback any Host may be read, and writes still come from the same origin', () => {
    expect(allowed('GET', { host: 'tidewatch.internal' }, '10.0.0.4')).toBe(true);
    expect(allowed('POST', { host: 'tidewatch.internal', origin: 'https://tidewatch.internal' }, '10.0.0.4')).toBe(
      true,
    );
    expect(allowed('POST', { host: 'tidewatch.internal', origin: 'https://evil.example' }, '10.0.0.4')).toBe(false);
  });
});
