import { accessSync, constants } from 'node:fs';
import { TidewatchError } from '../core/errors.ts';

const TLS_FILES = ['sslrootcert', 'sslcert', 'sslkey'];
/** pg 8 reads all of these as verify-full, and pg 9 will not: the name is put right, so that nothing gets weaker. */
const READ_AS_VERIFY_FULL = new Set(['allow', 'prefer', 'require', 'verify-ca']);

/**
 * The URL as pg is to read it. Without sslmode there is no TLS. verify-full checks the server's certificate and its
 * name against sslrootcert, or the public authorities when that is absent or `system`; allow, prefer, require and
 * verify-ca do the same. no-verify encrypts and checks nothing; disable does neither. What libpq means by them is to be
 * had with uselibpqcompat=true. Throws TidewatchError config_invalid or file_missing, without the URL in it.
 */
export function connectionString(url: string): string {
  // pg takes no host for a Unix socket's, which a URL does not allow
  if (!URL.canParse(url) && !URL.canParse(url.replace('@/', '@localhost/')))
    throw new TidewatchError('config_invalid', 'database.url cannot be read; is every special character %-encoded?');
  const start = url.indexOf('?');
  if (start < 0) return url;
  const query = new URLSearchParams(url.slice(start + 1));
  if (query.get('sslrootcert') === 'system') {
    query.delete('sslrootcert');
    if (!query.has('sslmode')) query.set('sslmode', 'verify-full');
  }
  for (const name of TLS_FILES) {
    const file = query.get(name);
    if (file !== null) readable(name, file);
  }
  const mode = query.get('sslmode');
  if (mode !== null && READ_AS_VERIFY_FULL.has(mode) && query.get('uselibpqcompat') !== 'true')
    query.set('sslmode', 'verify-full');
  return `${url.slice(0, start)}?${query}`;
}

function readable(name: string, file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'it cannot be read';
    throw new TidewatchError('file_missing', `${name} of database.url: ${file}: ${why}`, { cause });
  }
}
