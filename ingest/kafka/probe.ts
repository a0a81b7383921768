import net from 'node:net';
import tls from 'node:tls';
import { type Fault, fail, ok, type Result } from '../../core/errors.ts';
import type { Explain } from './faults.ts';
import type { KafkaSettings } from './ports.ts';

export interface BrokerAnswer {
  /** Such as "4.1 or newer": brokers do not tell their version, only which requests they take. */
  version: string;
  /** One of those that are tested, or between them. */
  known: boolean;
  /** Such as TLSv1.3; null without TLS. */
  tls: string | null;
}

type Tls = KafkaSettings['tls'];

/** What came back, and how. closed: without an answer, in the middle of agreeing on TLS or after it. */
type Exchange =
  | { kind: 'answer'; bytes: Buffer; tls: string | null }
  | { kind: 'closed' }
  | { kind: 'failed'; fault: Fault };

const FETCH = 1;
const TIMEOUT_MS = 3_000;
/** ApiVersions, version 0, correlation id 1, client id "td": with the next, all that needs no authentication. */
const API_VERSIONS = Buffer.from([0, 0, 0, 12, 0, 18, 0, 0, 0, 0, 0, 1, 0, 2, 0x74, 0x64]);
/** SaslHandshake, version 1, for a mechanism "?": ports with SASL answer with those that they have. */
const SASL_HANDSHAKE = Buffer.from([0, 0, 0, 15, 0, 17, 0, 1, 0, 0, 0, 1, 0, 2, 0x74, 0x64, 0, 1, 0x3f]);
const UNSUPPORTED_MECHANISM = 33;
/** Length, correlation id, error code, length of a list. */
const HEADER_BYTES = 14;
const ENTRY_BYTES = 6;
/** Far more than a hundred requests take. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** As kafkajs puts it. */
const CLOSED = /clos|reset|disconnect/i;
const NO_COORDINATOR = /Failed to find group coordinator/;
const TLS_CODES = /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_)/;

/**
 * Asks one address whether a broker is there, which, and whether it is spoken to as it wants
 * (https://kafka.apache.org/protocol). kafkajs knows no more than that a connection was closed. Faults:
 * broker_unavailable; broker_refused where TLS, its certificate or SASL are not what they should be.
 */
export async function probe(
  address: string,
  settings: Pick<KafkaSettings, 'tls' | 'sasl'>,
): Promise<Result<BrokerAnswer>> {
  const answer = await exchange(address, settings.tls, API_VERSIONS);
  if (answer.kind === 'failed') return { ok: false, fault: answer.fault };
  if (answer.kind === 'closed') return closed(address, settings.tls !== null);
  const broker = versions(answer.bytes, answer.tls);
  if (broker.ok && settings.sasl === null) {
    const sasl = await exchange(address, settings.tls, SASL_HANDSHAKE);
    const mechanisms = sasl.kind === 'answer' ? wantedMechanisms(sasl.bytes) : null;
    if (mechanisms !== null)
      return fail('broker_refused', `this port wants a user by SASL (${mechanisms}), and kafka.username is not set`);
  }
  return broker;
}

/**
 * A closer look at what kafkajs calls a closed connection, for it may be that the port wants TLS or a user, and at a
 * coordinator that is not found, for which its group may be none of ours.
 */
export const explainer =
  (settings: KafkaSettings, groupRefusal: (groupId: string) => Promise<Fault | null>): Explain =>
  async (fault, groupId) => {
    const { code, detail } = fault;
    const address = settings.brokers[0];
    if (code !== 'broker_unavailable' || address === undefined) return { code, detail };
    let closer: Fault | null = null;
    if (NO_COORDINATOR.test(detail) && groupId !== undefined) closer = await groupRefusal(groupId);
    else if (CLOSED.test(detail)) {
      const found = await probe(address, settings);
      if (!found.ok) closer = { ...found.fault, detail: `${address}: ${found.fault.detail}` };
    }
    return closer?.code === 'broker_refused' ? closer : { code, detail };
  };

/** Whether the port would have answered had TLS been left out, or used. */
async function closed(address: string, withTls: boolean): Promise<Result<never>> {
  const other = await exchange(address, withTls ? null : {}, API_VERSIONS, false);
  if (other.kind !== 'answer') return fail('broker_unavailable', 'closes the connection without an answer');
  return withTls
    ? fail('broker_refused', 'this port has no TLS, and kafka.tls is on')
    : fail('broker_refused', 'this port wants TLS, and kafka.tls is off');
}

/** check: whether the certificate must be as expected; nothing secret is sent where it need not be. */
function exchange(address: string, secured: Tls, request: Buffer, check = true): Promise<Exchange> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(at + 1));
  const name = net.isIP(host) === 0 ? { servername: host } : {};
  return new Promise((resolve) => {
    const socket = secured
      ? tls.connect({ host, port, minVersion: 'TLSv1.2', rejectUnauthorized: check, ...name, ...secured })
      : net.connect({ host, port });
    let accepted = false;
    let got = Buffer.alloc(0);
    const end = (result: Exchange) => {
      socket.destroy();
      resolve(result);
    };
    const failed = (code: Fault['code'], detail: string) => end({ kind: 'failed', fault: { code, detail } });
    socket.setTimeout(TIMEOUT_MS, () =>
      failed(
        'broker_unavailable',
        `${accepted ? 'takes the connection and says nothing' : 'does not answer'} within ${TIMEOUT_MS / 1000} s`,
      ),
    );
    socket.on('connect', () => {
      accepted = true;
    });
    socket.on(secured ? 'secureConnect' : 'connect', () => socket.write(request));
    socket.on('close', () => end({ kind: 'closed' }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (TLS_CODES.test(error.code ?? ''))
        failed('broker_refused', `its certificate is not as expected: ${error.message}`);
      else if (accepted) end({ kind: 'closed' });
      // a host with several addresses fails with all of them at once
      else failed('broker_unavailable', error instanceof AggregateError ? String(error.errors[0]) : error.message);
    });
    socket.on('data', (bytes: Buffer) => {
      got = Buffer.concat([got, bytes]);
      const size = got.length < 4 ? 0 : got.readInt32BE(0);
      if (size < 0 || size > MAX_ANSWER_BYTES) end({ kind: 'closed' });
      else if (size > 0 && got.length >= 4 + size)
        end({ kind: 'answer', bytes: got, tls: socket instanceof tls.TLSSocket ? socket.getProtocol() : null });
    });
  });
}

function versions(got: Buffer, tlsVersion: string | null): Result<BrokerAnswer> {
  const count = got.length < HEADER_BYTES ? -1 : got.readInt32BE(10);
  if (count < 0 || got.readInt32BE(4) !== 1 || HEADER_BYTES + count * ENTRY_BYTES > got.length)
    return fail('broker_unavailable', 'what answers is no Kafka');
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * ENTRY_BYTES;
    if (got.readInt16BE(at) !== FETCH) continue;
    return ok({ ...versionOf(got.readInt16BE(at + 2), got.readInt16BE(at + 4)), tls: tlsVersion });
  }
  return fail('broker_unavailable', 'what answers lets nobody fetch: is it a controller?');
}

/** By the versions of Fetch: 3.9 brought 17 (KIP-853), 4.0 took the first four away (KIP-896), 4.1 has 18. */
function versionOf(min: number, max: number): { version: string; known: boolean } {
  if (max >= 18) return { version: '4.1 or newer', known: true };
  if (min >= 4) return { version: '4.0', known: true };
  return max === 17 ? { version: '3.9', known: true } : { version: 'older than 3.9', known: false };
}

/** null of a port without SASL. */
function wantedMechanisms(got: Buffer): string | null {
  if (got.length < HEADER_BYTES || got.readInt16BE(8) !== UNSUPPORTED_MECHANISM) return null;
  const names: string[] = [];
  let at = HEADER_BYTES;
  for (let left = got.readInt32BE(10); left > 0 && at + 2 <= got.length; left--) {
    const end = at + 2 + got.readInt16BE(at);
    names.push(got.toString('utf8', at + 2, end));
    at = end;
  }
  return names.join(', ');
}
