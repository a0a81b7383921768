/** A failed call, with what the server says to do about it. */
export class ApiError extends Error {
  constructor({ code, message, remedy }) {
    super(message);
    this.code = code;
    this.remedy = remedy ?? '';
  }
}

const TIMEOUT_MS = 15_000;

async function call(method, path, body, signal) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response;
  try {
    response = await fetch(path, {
      method,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError({
      code: 'unreachable',
      message: timeout.aborted ? 'Tidewatch took longer than 15 seconds to answer.' : 'Tidewatch does not answer.',
      remedy: 'See whether `tidewatch up` still runs; this page tries again by itself.',
    });
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new ApiError(answer ?? { code: 'internal', message: `The server answered ${response.status}.` });
}

/** Query values that are undefined are left out. */
export function get(path, query = {}, signal = undefined) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null) search.set(name, value);
  const text = search.toString();
  return call('GET', text === '' ? path : `${path}?${text}`, undefined, signal);
}

export const post = (path, body) => call('POST', path, body);
export const remove = (path) => call('DELETE', path);

export const entityApi = (stream, entity) =>
  `/api/entities/${encodeURIComponent(stream)}/${encodeURIComponent(entity)}`;
