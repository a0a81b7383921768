import { readFileSync } from 'node:fs';

/** Of package.json, which lies beside the sources and one folder above what is built of them. */
export function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const read: { name?: string; version?: string } = JSON.parse(
        readFileSync(new URL(path, import.meta.url), 'utf8'),
      );
      if (read.name === 'tidewatch' && read.version) return read.version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return '0.0.0';
}
