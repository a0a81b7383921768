import type { LookupAddress } from 'node:dns';
import { expect, test } from 'vitest';
import { checkDestination, guardedLookup, isPrivateAddress } from '../../../monitor/notify/destination.ts';

const any = { allowHosts: [], allowPrivate: false };

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '::',
  '::1',
  'fe80::1',
  'fd00::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::a00:1',
  'not an address',
])('%s is private', (address) => expect(isPrivateAddress(address)).toBe(true));

test.each(['1.1.1.1', '172.32.0.1', '2606:4700:4700::1111', '::ffff:1.1.1.1'])('%s is public', (address) =>
  expect(isPrivateAddress(address)).toBe(false),
);

test.each([
  ['ftp://example.org', /not an http or https URL/],
  ['nonsense', /not an http or https URL/],
  ['https://user:word@example.org', /holds a user or a password/],
  ['http://127.0.0.1:9093/', /127.0.0.1 is a private address/],
  ['http://[::1]/', /::1 is a private address/],
  ['http://0x7f.1/', /127.0.0.1 is a private address/],
])('%s is refused before anything is resolved', (url, reason) => {
  const checked = checkDestination({ url, ...any });
  if (checked.ok) throw new Error('taken');
  expect(checked.fault).toMatchObject({ code: 'destination_refused', detail: expect.stringMatching(reason) });
});

test('only hosts of the list are called, where there is a list', () => {
  const listed = { allowHosts: ['alerts.example.org'], allowPrivate: false };
  expect(checkDestination({ url: 'https://alerts.example.org/x', ...listed }).ok).toBe(true);
  expect(checkDestination({ url: 'https://elsewhere.example.org/x', ...listed }).ok).toBe(false);
});

/** What a connection to a name gets when the name has these addresses. */
function connects(addresses: string[], allowPrivate: boolean): Promise<string> {
  const answers: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const dns = ((_name: string, _options: object, done: (error: null, all: LookupAddress[]) => void) =>
    done(null, answers)) as unknown as Parameters<typeof guardedLookup>[1];
  return new Promise((resolve) =>
    guardedLookup(allowPrivate, dns)('name.example', {}, (error, address) =>
      resolve(error?.message ?? String(address)),
    ),
  );
}

test('a public name that resolves to a private address is refused at the connection itself', async () => {
  expect(await connects(['1.1.1.1'], false)).toBe('1.1.1.1');
  expect(await connects(['1.1.1.1', '10.0.0.1'], false)).toBe('name.example resolves to a private address');
  expect(await connects([], false)).toBe('name.example resolves to a private address');
  expect(await connects(['10.0.0.1'], true)).toBe('10.0.0.1');
});
