import { TidewatchError } from '../../core/errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOENT', 'EEXIST', 'ENAMETOOLONG']);

/** What the system refused, in words for a person; whatever else it is stays as it is. */
export function systemFault(error: unknown, dataDir: string): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof TidewatchError) {
    // PostgreSQL says it in its own words, among many others.
    const full = error.code === 'database_unavailable' && /No space left on device/.test(error.detail);
    return full ? new TidewatchError('disk_full', dataDir, { cause: error }) : error;
  }
  const { code = '', path: file = dataDir } = error as NodeJS.ErrnoException;
  if (FULL.has(code)) return new TidewatchError('disk_full', file, { cause: error });
  if (!REFUSED.has(code)) return error;
  return new TidewatchError(
    'file_missing',
    `${code}: ${file} cannot be written; TIDEWATCH_DATA_DIR names another folder`,
    { cause: error },
  );
}

/** Why the server could not listen, in words for a person. */
export function listenFault(error: unknown, host: string, port: number): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new TidewatchError('port_taken', `${host}:${port}`, { cause: error });
  if (code === 'EACCES')
    return new TidewatchError('config_invalid', `http.port: ${port} is for privileged programs; take one above 1023`, {
      cause: error,
    });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new TidewatchError('config_invalid', `http.host: ${host} is no address of this machine`, { cause: error });
  return error;
}
