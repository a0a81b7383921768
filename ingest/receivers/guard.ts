import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Fault, fail } from '../../core/errors.ts';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
const SCHEME = /^(?:Token|Bearer) +(\S+) *$/i;

/**
 * Who may write. Off loopback only a caller with the token, and nobody when there is none. On loopback no web page of
 * another site: Host and Origin must be this server at its port, which also answers DNS rebinding.
 */
export class Guard {
  readonly #tokenHash: Buffer | null;

  constructor(token?: string) {
    this.#tokenHash = token === undefined ? null : hash(token);
  }

  check(request: IncomingMessage): Fault | null {
    const local = isLoopback(request.socket.localAddress);
    if (local) {
      const foreign = foreignHeader(request);
      if (foreign !== null) return fail('forbidden_origin', `the header ${foreign} names another site`).fault;
    }
    if (this.#tokenHash === null) {
      return local ? null : fail('unauthorized', 'this server has no token, so only its own machine may write').fault;
    }
    const sent = SCHEME.exec(request.headers.authorization ?? '')?.[1];
    // Hashes have one length, so the comparison says nothing about that of the token.
    const right = sent !== undefined && timingSafeEqual(hash(sent), this.#tokenHash);
    return right ? null : fail('unauthorized', sent === undefined ? 'no token was sent' : 'another token').fault;
  }
}

function foreignHeader(request: IncomingMessage): string | null {
  const port = request.socket.localPort;
  const { host, origin } = request.headers;
  if (!isOurs(host, port)) return 'Host';
  if (origin !== undefined && !(origin.startsWith('http://') && isOurs(origin.slice(7), port))) return 'Origin';
  return null;
}

/** `name:port` of this server; without a port it is 80, as browsers write it. */
function isOurs(authority: string | undefined, port: number | undefined): boolean {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec((authority ?? '').toLowerCase());
  return match !== null && LOOPBACK_NAMES.has(match[1]!) && Number(match[2] ?? 80) === port;
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || /^(::ffff:)?127\./.test(address));
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
