import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { fail, ok, type Result } from '../../core/errors.ts';
import { checkDestination, type Destination, guardedLookup, PrivateAddress } from './destination.ts';
import { SIGNATURE_HEADER, sign } from './signature.ts';

export const DELIVERY_TIMEOUT_MS = 10_000;

export interface Receiver extends Destination {
  name: string;
  /** Signs what is sent; null sends it unsigned. */
  secret: string | null;
}

export interface Delivery {
  /** Idempotency key: the same for every attempt. */
  id: string;
  body: string;
}

/**
 * Posts a message once: no redirects, private addresses refused after resolution, within DELIVERY_TIMEOUT_MS. ok for any
 * 2xx. Faults: destination_refused (for good), delivery_failed (worth another attempt unless the answer is 4xx).
 */
export function deliver(receiver: Receiver, { id, body }: Delivery, nowMs: number): Promise<Result<null>> {
  const url = checkDestination(receiver);
  if (!url.ok) return Promise.resolve(url);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'idempotency-key': id,
    'user-agent': 'tidewatch',
  };
  if (receiver.secret !== null) headers[SIGNATURE_HEADER] = sign(receiver.secret, body, nowMs);
  const request = url.value.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const call = request(
      url.value,
      {
        method: 'POST',
        headers,
        lookup: guardedLookup(receiver.allowPrivate),
        timeout: DELIVERY_TIMEOUT_MS,
        agent: false,
      },
      (response) => {
        const status = response.statusCode ?? 0;
        response.resume();
        if (status >= 200 && status < 300) resolve(ok(null));
        else resolve(fail('delivery_failed', `the receiver answered ${status}`));
      },
    );
    const slow = AbortSignal.timeout(DELIVERY_TIMEOUT_MS);
    slow.addEventListener('abort', () => call.destroy(new Error(`no answer within ${DELIVERY_TIMEOUT_MS / 1000} s`)));
    call.on('error', (error) =>
      resolve(
        error instanceof PrivateAddress
          ? fail('destination_refused', error.message)
          : fail('delivery_failed', (error as NodeJS.ErrnoException).code ?? error.message),
      ),
    );
    call.end(body);
  });
}
