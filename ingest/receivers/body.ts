import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { fail, ok, type Result } from '../../core/errors.ts';

const unzip = promisify(gunzip);

/** The body as it was before compression, at most so many bytes of it. */
export async function plainBody(
  body: unknown,
  headers: IncomingHttpHeaders,
  maxBytes: number,
): Promise<Result<Buffer>> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return ok(bytes);
  if (encoding !== 'gzip') return fail('request_invalid', 'Content-Encoding must be gzip or identity');
  try {
    return ok(await unzip(bytes, { maxOutputLength: maxBytes }));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      return fail('record_too_large', `more than ${maxBytes} bytes when gunzipped`);
    return fail('request_invalid', `the body is not gzip: ${(cause as Error).message}`);
  }
}
