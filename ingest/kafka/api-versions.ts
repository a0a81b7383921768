import net from 'node:net';
import tls from 'node:tls';
import { fail, ok, type Result } from '../../core/errors.ts';
import type { KafkaSettings } from './ports.ts';

/** Versions of one request that a broker takes. */
interface Range {
  min: number;
  max: number;
}

export interface BrokerAnswer {
  /** Such as "4.1 or newer": brokers do not tell their version, only which requests they take. */
  version: string;
  /** Tested with this version or one between those that are. */
  known: boolean;
  /** Such as TLSv1.3; null without TLS. */
  tls: string | null;
}

const FETCH = 1;
const API_VERSIONS = 18;
const TIMEOUT_MS = 3_000;
/** ApiVersions, version 0, correlation id 1, client id "td": the one request that needs no authentication. */
const REQUEST = Buffer.from([0, 0, 0, 12, 0, API_VERSIONS, 0, 0, 0, 0, 0, 1, 0, 2, 0x74, 0x64]);
const HEADER_BYTES = 14;
const ENTRY_BYTES = 6;
/** Far more than the hundred requests that there are. */
const MAX_ANSWER_BYTES = 64 * 1024;
const TLS_ALERT = 0x15;
const TLS_CODES = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/;

/**
 * Asks one address whether a broker is there, and which (https://kafka.apache.org/protocol#The_Messages_ApiVersions).
 * kafkajs asks it too and tells nobody. Faults: broker_unavailable; broker_refused where TLS does not come about.
 */
export function askVersions(address: string, settings: Pick<KafkaSettings, 'tls'>): Promise<Result<BrokerAnswer>> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(at + 1));
  return new Promise((resolve) => {
    const socket = settings.tls
      ? tls.connect({
          host,
          port,
          minVersion: 'TLSv1.2',
          ...(net.isIP(host) === 0 && { servername: host }),
          ...settings.tls,
        })
      : net.connect({ host, port });
    let accepted = false;
    let secure = false;
    let got = Buffer.alloc(0);
    const end = (result: Result<BrokerAnswer>) => {
      socket.destroy();
      resolve(result);
    };
    const silence = () => (accepted ? 'takes the connection and says nothing' : 'does not answer');
    socket.setTimeout(TIMEOUT_MS, () => end(fail('broker_unavailable', `${silence()} within ${TIMEOUT_MS / 1000} s`)));
    socket.on('connect', () => {
      accepted = true;
    });
    socket.on(settings.tls ? 'secureConnect' : 'connect', () => {
      secure = true;
      socket.write(REQUEST);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => end(failure(error, accepted && !secure)));
    socket.on('close', () => end(closed(settings.tls !== null)));
    socket.on('data', (bytes: Buffer) => {
      got = Buffer.concat([got, bytes]);
      const answer = read(got, socket instanceof tls.TLSSocket ? socket.getProtocol() : null);
      if (answer !== null) end(answer);
    });
  });
}

const closed = (wantsTls: boolean) =>
  wantsTls
    ? fail('broker_refused', 'closes the connection while TLS is agreed: is this a port with TLS?')
    : fail('broker_refused', 'closes the connection: is this a port that wants TLS (kafka.tls)?');

function failure(error: NodeJS.ErrnoException, whileAgreeing: boolean): Result<never> {
  const code = error.code ?? '';
  if (TLS_CODES.test(code))
    return fail('broker_refused', `its certificate or TLS is not as expected: ${error.message}`);
  if (code === 'ENOENT' || code === 'EACCES') return fail('file_missing', error.message);
  if (whileAgreeing) return closed(true);
  // a host with several addresses fails with all of them at once
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined)?.message : undefined;
  return fail('broker_unavailable', inner ?? error.message);
}

/** null until the answer is whole. */
function read(got: Buffer, tlsVersion: string | null): Result<BrokerAnswer> | null {
  if (got[0] === TLS_ALERT && tlsVersion === null)
    return fail('broker_refused', 'this port wants TLS, and kafka.tls is off');
  if (got.length < 4) return null;
  const size = got.readInt32BE(0);
  if (size < HEADER_BYTES - 4 || size > MAX_ANSWER_BYTES) return fail('broker_unavailable', 'what answers is no Kafka');
  if (got.length < 4 + size) return null;
  const count = got.readInt32BE(10);
  if (got.readInt32BE(4) !== 1 || HEADER_BYTES + count * ENTRY_BYTES > got.length)
    return fail('broker_unavailable', 'what answers is no Kafka');
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * ENTRY_BYTES;
    if (got.readInt16BE(at) !== FETCH) continue;
    return ok({ ...versionOf({ min: got.readInt16BE(at + 2), max: got.readInt16BE(at + 4) }), tls: tlsVersion });
  }
  return fail('broker_unavailable', 'what answers lets nobody fetch: is it a controller?');
}

/** 3.9 brought Fetch 17 (KIP-853), 4.0 took the first four away (KIP-896), 4.1 brought 18 (KIP-1166). */
function versionOf({ min, max }: Range): { version: string; known: boolean } {
  if (max >= 18) return { version: '4.1 or newer', known: true };
  if (min >= 4) return { version: '4.0', known: true };
  return max === 17 ? { version: '3.9', known: true } : { version: 'older than 3.9', known: false };
}
