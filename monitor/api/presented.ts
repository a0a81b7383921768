/**
 * The token of an Authorization header: `Bearer` (ours), `Token` (Influx clients), or the password of `Basic`, which is
 * what a browser asks a person for. '' for none.
 */
export function presentedToken(header: string | undefined): string {
  const [scheme = '', value = ''] = (header ?? '').split(' ', 2);
  if (/^(bearer|token)$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return '';
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}
