import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../core/config/root.ts';

const file = (config: Config): string => path.join(config.dataDir, 'tidewatch.url');
const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** The URL by which this machine reaches a server; one that listens on every address is reached by loopback. */
export function localUrl(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${bracketed(reached)}:${port}`;
}

/** Leaves the URL for commands beside this process, which cannot know a port that the system chose. */
export function announce(config: Config, url: string): () => void {
  writeFileSync(file(config), `${url}\n`);
  return () => rmSync(file(config), { force: true });
}

/** Where the process of this configuration listens. */
export function announced(config: Config): string {
  if (config.http.port !== 0) return localUrl(config.http.host, config.http.port);
  try {
    return readFileSync(file(config), 'utf8').trim();
  } catch {
    return localUrl(config.http.host, 0); // none runs: calling it says so
  }
}
