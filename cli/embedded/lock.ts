import path from 'node:path';
import { orThrow } from '../../core/errors.ts';
import { takeLock } from '../../ingest/file-log/lock.ts';

/**
 * Takes a data directory for this process; returns what gives it back. The lock of a process that is gone is taken
 * over, also when its id belongs to another program by now. Throws TidewatchError already_running.
 */
export function lockDirectory(dir: string): () => void {
  return orThrow(takeLock(path.join(dir, 'tidewatch.pid')));
}
