import type { IncomingMessage } from 'node:http';
import { type Fault, fail, ok, type Result } from '../../core/errors.ts';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Keeps web pages of other sites out. On loopback there is no token, so the browser's own headers decide: a Host that
 * is not this machine means DNS rebinding (refused for reads as well), and a write must come from this very origin.
 */
export function checkSameOrigin(request: IncomingMessage): Result<null> {
  const host = request.headers.host ?? '';
  if (isLoopback(request.socket.localAddress) && !LOOPBACK_NAMES.has(hostName(host))) return refused('Host');
  if (SAFE_METHODS.has(request.method ?? '')) return ok(null);
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return refused('Origin');
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return refused('Sec-Fetch-Site');
  return ok(null);
}

function refused(header: string): { ok: false; fault: Fault } {
  return fail('forbidden_origin', `the header ${header} names another site`);
}

/** The name in a Host header without its port. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}

function isLoopback(address: string | undefined): boolean {
  // An injected request of a test has no socket address: the strict rule holds for it.
  if (address === undefined) return true;
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
