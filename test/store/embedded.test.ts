import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  type PathLike,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { findPostgres, startPostgres } from '../../store/embedded.ts';
import { ensureLibraryLinks } from '../../store/embedded-binaries.ts';
import { isAlive } from '../../store/embedded-postmaster.ts';
import { chooseServerUser, refuseForeignCluster, spawnAs } from '../../store/embedded-user.ts';
import type { StoreLogger } from '../../store/logger.ts';

// mkdtemp's folder is closed to others, as root's home is: running as root, the server must get past it
const folder = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-embedded-'));
const dataDir = path.join(folder, 'a rather long path with spaces and ü '.repeat(4).trim(), 'data');
const cluster = path.join(dataDir, 'postgres');
const messages: string[] = [];
const note = (_detail: object, message: string) => void messages.push(message);
const log: StoreLogger = { info: note, warn: note, error: note };
const start = (port?: number) => startPostgres({ dataDir, clock: systemClock, log, ...(port ? { port } : {}) });
const linux = process.platform === 'linux';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the server is killed under some of these sessions
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe.sequential('the embedded PostgreSQL', () => {
  it('makes a cluster in place of a half-made one, durable and reachable from this machine only', async () => {
    mkdirSync(path.join(dataDir, 'postgres.new-half', 'cluster'), { recursive: true });
    writeFileSync(path.join(dataDir, 'postgres.new-half', 'cluster', 'PG_VERSION'), '18\n');
    const server = await start();
    const settings = await ask(
      server.url,
      `SELECT name, setting FROM pg_settings WHERE name IN
        ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'unix_socket_directories', 'lc_collate', 'server_encoding') ORDER BY name`,
    );
    expect(Object.fromEntries(settings.map((row) => [row.name, row.setting]))).toEqual({
      fsync: 'on',
      full_page_writes: 'on',
      listen_addresses: '127.0.0.1',
      server_encoding: 'UTF8',
      synchronous_commit: 'on',
      unix_socket_directories: '',
    });
    await ask(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await expect(ask(server.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password/);
    expect(await findPostgres(dataDir)).toBe(server.url);
    await server.stop();
    expect(await findPostgres(dataDir)).toBeNull();
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres.log', 'postgres.password']);
    expect(statSync(path.join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
  });

  it('starts although the pid file names a process that is another program by now', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      writeFileSync(
        path.join(cluster, 'postmaster.pid'),
        `${other.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n1 2\nready   \n`,
      );
      const server = await start();
      expect(await ask(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
      await server.stop();
      expect(isAlive(other.pid!)).toBe(true);
    } finally {
      other.kill('SIGKILL');
    }
    expect(messages).toContain('cleared after an unclean stop of PostgreSQL');
  });

  it('starts again by itself on the same port when it is killed, with what was committed', async () => {
    const server = await start();
    await ask(server.url, 'UPDATE kept SET answer = 43');
    const first = server.pid()!;
    process.kill(first, 'SIGKILL');
    let rows: unknown = null;
    const until = systemClock.elapsed() + 30_000;
    while (rows === null && systemClock.elapsed() < until) {
      rows = await ask(server.url, 'SELECT answer FROM kept').catch(() => null);
      if (rows === null) await systemClock.sleep(50);
    }
    expect(rows).toEqual([{ answer: 43 }]);
    expect(server.pid()).not.toBe(first);
    await server.stop();
  }, 40_000);

  it('outlives a parent that is killed, in a session of its own, and is taken over by the next start', async () => {
    const module = (file: string) => JSON.stringify(new URL(`../../${file}`, import.meta.url).href);
    const script = `
      const { startPostgres } = await import(${module('store/embedded.ts')});
      const { systemClock } = await import(${module('core/clock.ts')});
      const { silentLogger } = await import(${module('store/logger.ts')});
      const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, clock: systemClock, log: silentLogger });
      console.log(server.pid());
      process.kill(process.pid, 'SIGKILL');`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    parent.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await once(parent, 'close');
    const left = Number(output);
    expect(isAlive(left)).toBe(true);
    if (linux) {
      const stat = readFileSync(`/proc/${left}/stat`, 'utf8');
      expect(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]).toBe(String(left)); // session id
    }
    const server = await start();
    expect(isAlive(left)).toBe(false);
    expect(await ask(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 43 }]);
    await server.stop();
  }, 40_000);

  it('sets a new password when the password file was deleted', async () => {
    rmSync(path.join(dataDir, 'postgres.password'));
    const server = await start();
    expect(await ask(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 43 }]);
    await server.stop();
  });

  it('says so when the port that was asked for is taken', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    try {
      await expect(start((occupant.address() as { port: number }).port)).rejects.toThrow(/port_taken/);
    } finally {
      occupant.close();
    }
  });

  it('names the file when the data folder cannot be used', async () => {
    const file = path.join(folder, 'a file');
    writeFileSync(file, '');
    const inFile = startPostgres({ dataDir: path.join(file, 'data'), clock: systemClock, log });
    await expect(inFile).rejects.toMatchObject({ code: 'file_missing' });
  });

  it('refuses a cluster of another major version and leaves it as it is', async () => {
    const version = path.join(cluster, 'PG_VERSION');
    const written = readFileSync(version, 'utf8');
    writeFileSync(version, '17\n');
    await expect(start()).rejects.toThrow(/written by PostgreSQL 17/);
    writeFileSync(version, written);
    const server = await start();
    await server.stop();
  });
});

describe('library links that an install script did not make', () => {
  const make = () => {
    const native = path.join(mkdtempSync(path.join(folder, 'package-')), 'native');
    mkdirSync(path.join(native, 'lib'), { recursive: true });
    writeFileSync(path.join(native, 'lib', 'libx.so.1.2'), 'x');
    const links = ['libx.so', 'libx.so.1'].map((name) => ({
      source: 'native/lib/libx.so.1.2',
      target: `native/lib/${name}`,
    }));
    writeFileSync(path.join(native, 'pg-symlinks.json'), JSON.stringify(links));
    return native;
  };

  it('are made, relative, beside those that are there', async () => {
    const native = make();
    symlinkSync('libx.so.1.2', path.join(native, 'lib', 'libx.so'));
    expect(await ensureLibraryLinks(native, path.join(folder, 'unused'))).toEqual({});
    expect(await ensureLibraryLinks(native, path.join(folder, 'unused'))).toEqual({});
    expect(readlinkSync(path.join(native, 'lib', 'libx.so.1'))).toBe('libx.so.1.2');
    expect(existsSync(path.join(folder, 'unused'))).toBe(false);
  });

  it('go into the data folder when the package cannot be written', async () => {
    const native = make();
    const spare = path.join(folder, 'spare');
    const readOnly = async (to: PathLike, at: PathLike) => {
      if (String(at).startsWith(native)) throw Object.assign(new Error('read-only file system'), { code: 'EROFS' });
      symlinkSync(to, at);
    };
    expect(Object.values(await ensureLibraryLinks(native, spare, readOnly))).toEqual([spare]);
    expect(readlinkSync(path.join(spare, 'libx.so.1'))).toBe(path.join(native, 'lib', 'libx.so.1.2'));
  });
});

describe('running as root', () => {
  const user = { name: 'nobody', uid: 65534, gid: 65534 };

  it('prefers the user postgres, takes nobody where there is none, and the owner of a cluster that exists', () => {
    const passwd = path.join(folder, 'passwd');
    writeFileSync(passwd, 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n');
    expect(chooseServerUser(path.join(folder, 'none'), passwd, 0)).toEqual(user);
    writeFileSync(passwd, 'nobody:x:65534:65534::/:/bin/sh\npostgres:x:70:71::/:/bin/sh\n');
    expect(chooseServerUser(path.join(folder, 'none'), passwd, 0)).toEqual({ name: 'postgres', uid: 70, gid: 71 });
    expect(chooseServerUser(cluster, passwd, 0)?.uid).toBe(statSync(cluster).uid);
    writeFileSync(passwd, 'root:x:0:0::/:/bin/sh\n');
    expect(() => chooseServerUser(path.join(folder, 'none'), passwd, 0)).toThrow(/neither a user postgres nor nobody/);
  });

  it('leaves a cluster that only another user can read alone, where an ordinary user starts', () => {
    const owner = statSync(folder).uid;
    expect(() => refuseForeignCluster(folder, owner + 1)).toThrow(/belongs to the user with id/);
    for (const uid of [owner, 0, undefined]) expect(() => refuseForeignCluster(folder, uid)).not.toThrow();
    expect(() => refuseForeignCluster(path.join(folder, 'none'), 1)).not.toThrow();
  });

  it('needs no capability where every folder is open, and one where a folder is closed', () => {
    expect(spawnAs(user, '/bin/ls', [], ['/tmp/x'])).toEqual({
      file: '/bin/ls',
      args: [],
      options: { uid: 65534, gid: 65534 },
    });
    const closed = spawnAs(user, '/bin/ls', ['-l'], [path.join(folder, 'x')], () => 0b110n);
    expect(closed.file).toMatch(/setpriv$/);
    expect(closed.args).toContain('--ambient-caps=-all,+dac_read_search');
    // initdb asks access(2) whether postgres lies beside it; without this bit the answer is no in a closed folder
    expect(closed.args).toContain('--securebits=+no_setuid_fixup');
    expect(closed.args.slice(-3)).toEqual(['--', '/bin/ls', '-l']);
    expect(() => spawnAs(user, '/bin/ls', [], [path.join(folder, 'x')], () => 0n)).toThrow(/user nobody cannot reach/);
  });
});
