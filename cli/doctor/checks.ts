import { execFile } from 'node:child_process';
import { constants, existsSync, statSync } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { formatSize } from '../../core/config/size.ts';
import { ERRORS, TidewatchError } from '../../core/errors.ts';
import { findBinaries } from '../../store/embedded-binaries.ts';
import { loadConfig } from '../load-config.ts';
import { bad, type Check, ok, warn } from './check.ts';

const NODE_MINIMUM = [20, 20] as const;
const MIB = 1024 ** 2;
/** What the database and its write-ahead log take beside the record log. */
const DATABASE_BYTES = 1024 * MIB;
const PROBE_TIMEOUT_MS = 2_000;
const DAY_MS = 86_400_000;

const run = promisify(execFile);

const node: Check = {
  name: 'Node.js',
  run() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const enough = major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]);
    const found = `version ${process.versions.node}`;
    return enough ? ok(found) : bad(found, `Install Node.js ${NODE_MINIMUM.join('.')} or newer.`);
  },
};

const configuration: Check = {
  name: 'configuration',
  run({ file }) {
    try {
      return ok(loadConfig({ file }).file ?? 'no tidewatch.yaml, all defaults');
    } catch (error) {
      if (!(error instanceof TidewatchError)) throw error;
      return bad(error.detail.replaceAll('\n', '; '), ERRORS[error.code][1]);
    }
  },
};

const postgres: Check = {
  name: 'PostgreSQL',
  async run({ config }) {
    if (config.database.url) return ok('database.url names one; the embedded one is not used');
    try {
      // Also makes the library links that an install without scripts left out.
      const { postgres: program, env } = await findBinaries(path.resolve(config.database.dir, 'postgres-lib'));
      const { stdout } = await run(program, ['--version'], {
        env: { ...process.env, ...env },
        timeout: PROBE_TIMEOUT_MS,
      });
      return ok(`embedded, ${stdout.trim()}`);
    } catch (error) {
      if (error instanceof TidewatchError) return bad(error.detail, ERRORS[error.code][1]);
      const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
      return bad(`the embedded one does not run: ${message}`, 'Run npm ci again, or set database.url.');
    }
  },
};

/** The folder itself, or the nearest one above it that exists. */
function existing(folder: string): string {
  let at = path.resolve(folder);
  while (!existsSync(at) && path.dirname(at) !== at) at = path.dirname(at);
  return at;
}

const dataDirectory: Check = {
  name: 'data directory',
  async run({ config }) {
    for (const folder of new Set([config.dataDir, config.log.dir, config.database.dir])) {
      const at = existing(folder);
      if (!statSync(at).isDirectory())
        return bad(`${at} is not a folder`, 'Move it away, or set dataDir to another folder.');
      try {
        await access(at, constants.W_OK | constants.X_OK);
      } catch {
        return bad(
          `${at} cannot be written`,
          'Give this user the right to write there, or set dataDir to another folder.',
        );
      }
    }
    return ok(`${path.resolve(config.dataDir)}${existsSync(config.dataDir) ? '' : ' (made at the first start)'}`);
  },
};

const disk: Check = {
  name: 'disk space',
  async run({ config }) {
    const { bavail, bsize } = await statfs(existing(config.dataDir));
    const freeBytes = bavail * bsize;
    const wantedBytes = config.log.maxBytes + DATABASE_BYTES;
    const unit = freeBytes > 10 * 1024 * MIB ? 1024 * MIB : MIB;
    const free = formatSize(Math.floor(freeBytes / unit) * unit);
    if (freeBytes >= wantedBytes) return ok(`${free} free`);
    const remedy = `Free space up to ${formatSize(wantedBytes)}, or lower log.maxBytes.`;
    return freeBytes < DATABASE_BYTES / 4 ? bad(`only ${free} free`, remedy) : warn(`only ${free} free`, remedy);
  },
};

const port: Check = {
  name: 'port',
  async run({ config }) {
    const { host, port: number } = config.http;
    const code = await tryToListen(host, number);
    if (code === null) return ok(`${host}:${number} is free`);
    if (code === 'EADDRINUSE') {
      if (await isTidewatch(host, number))
        return warn(`Tidewatch already runs on ${host}:${number}`, 'Nothing to do, unless you want a second one.');
      return bad(`${host}:${number} is taken by another program`, ERRORS.port_taken[1]);
    }
    return bad(
      `cannot listen on ${host}:${number} (${code})`,
      'Set http.host to an address of this machine, and a port above 1023.',
    );
  },
};

const tryToListen = (host: string, number: number): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port: number, exclusive: true }, () => server.close(() => resolve(null)));
  });

async function isTidewatch(host: string, number: number): Promise<boolean> {
  try {
    const authority = host.includes(':') ? `[${host}]:${number}` : `${host}:${number}`;
    const reply = await fetch(`http://${authority}/health/live`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return reply.ok && /json/.test(reply.headers.get('content-type') ?? '');
  } catch {
    return false; // whatever it is, it does not speak as Tidewatch does
  }
}

const clock: Check = {
  name: 'clock',
  run({ nowMs }) {
    const installedMs = statSync(new URL(import.meta.url)).mtimeMs;
    const found = Number.isFinite(nowMs) ? new Date(nowMs).toISOString() : String(nowMs);
    if (nowMs < installedMs - DAY_MS)
      return bad(
        `${found} is before this program was installed`,
        'Set the clock (NTP): points would be refused as from the future.',
      );
    return ok(found);
  },
};

/** In the order in which they are told. A part that can go wrong on somebody's machine adds its check here. */
export const CHECKS: readonly Check[] = [node, configuration, postgres, dataDirectory, disk, port, clock];
/** Of these, what a worker depends on: it keeps nothing on its disk, and its PostgreSQL is another. */
export const WORKER_CHECKS: readonly Check[] = [node, configuration, port, clock];
