import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { fail, ok, type Result } from '../../core/errors.ts';

/** Addresses that are of this machine or of a network behind it: RFC 6890 and the metadata services of clouds. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6');

/** Whether an address is not one of the public internet. IPv4 in IPv6 counts as the IPv4 that it is. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  if (family === 4) return PRIVATE.check(address, 'ipv4');
  return (
    PRIVATE.check(address, 'ipv6') || PRIVATE.check(mappedOr(address), isIP(mappedOr(address)) === 4 ? 'ipv4' : 'ipv6')
  );
}

function mappedOr(address: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (dotted) return dotted[1]!;
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
  if (!hex) return address;
  const [high, low] = [Number.parseInt(hex[1]!, 16), Number.parseInt(hex[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

export interface Destination {
  url: string;
  /** Hosts that may be called besides the URL's own checks; empty for any. */
  allowHosts: readonly string[];
  /** Private addresses may be called. */
  allowPrivate: boolean;
}

/** What can be said of a destination before it is resolved. Fault: destination_refused. */
export function checkDestination({ url, allowHosts, allowPrivate }: Destination): Result<URL> {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    return fail('destination_refused', 'not an http or https URL');
  if (parsed.username !== '' || parsed.password !== '')
    return fail('destination_refused', 'the URL holds a user or a password; use secretFile');
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  if (allowHosts.length > 0 && !allowHosts.includes(host))
    return fail('destination_refused', `${host} is not among the hosts allowed`);
  if (isIP(host) !== 0 && !allowPrivate && isPrivateAddress(host))
    return fail('destination_refused', `${host} is a private address`);
  return ok(parsed);
}

/**
 * Resolves a name for the very connection that will be made, so that a name cannot point elsewhere between check and
 * use. Any private address among the answers refuses them all, unless private ones are allowed.
 */
export const guardedLookup =
  (allowPrivate: boolean, lookup: typeof resolve = resolve): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const refused = allowPrivate ? undefined : addresses.find(({ address }) => isPrivateAddress(address));
      if (refused !== undefined || addresses.length === 0) return callback(new PrivateAddress(hostname), '', 0);
      if (options.all === true) return callback(null, addresses);
      callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };

/** The name of a receiver resolves to an address that may not be called. */
export class PrivateAddress extends Error {
  constructor(hostname: string) {
    super(`${hostname} resolves to a private address`);
    this.name = 'PrivateAddress';
  }
}
