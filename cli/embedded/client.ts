import type { Config } from '../../core/config/root.ts';
import { ERRORS, type ErrorCode, TidewatchError } from '../../core/errors.ts';

const TIMEOUT_MS = 10_000;

/** Calls the API of the running process of this configuration. Throws the TidewatchError that it answered. */
export async function call(
  config: Config,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { host, port, token } = config.http;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new TidewatchError('not_found', `nothing answers on ${host}:${port}; is \`tidewatch up\` running?`, {
      cause,
    });
  }
  const answer: unknown = response.status === 204 ? null : await response.json();
  if (response.ok) return answer;
  const { code, message } = answer as { code?: string; message?: string };
  throw new TidewatchError(
    code !== undefined && code in ERRORS ? (code as ErrorCode) : 'not_found',
    message ?? `status ${response.status}`,
  );
}
