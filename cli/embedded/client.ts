import type { Config } from '../../core/config/root.ts';
import { ERRORS, type ErrorCode, TidewatchError } from '../../core/errors.ts';
import { announced } from './address.ts';

const TIMEOUT_MS = 10_000;

/** Calls the API of the running process of this configuration. Throws the TidewatchError that it answered. */
export async function call(
  config: Config,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { token } = config.http;
  const base = announced(config);
  let response: Response;
  try {
    response = await fetch(`${base}${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new TidewatchError('not_found', `nothing answers on ${base}; is \`tidewatch up\` running?`, { cause });
  }
  if (response.status === 204) return null;
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw refusal(base, response.status, answer);
}

function refusal(base: string, status: number, answer: unknown): TidewatchError {
  const { code = '', message = '' } = (answer ?? {}) as { code?: string; message?: string };
  if (!Object.hasOwn(ERRORS, code))
    return new TidewatchError('not_found', `what answers on ${base} is not Tidewatch (status ${status})`);
  // The message begins with the meaning of the code, which the error says by itself.
  const [meaning] = ERRORS[code as ErrorCode];
  const detail = message.startsWith(meaning) ? message.slice(meaning.length).trim() : message;
  return new TidewatchError(code as ErrorCode, detail.replace(/\.$/, ''));
}
