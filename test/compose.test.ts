import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DCLinter } from 'dclint';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../cli/program.ts';
import { nodeProperties } from '../cli/services/kafka-properties.ts';
import { parseConfig } from '../core/config/parse.ts';
import { ok } from '../core/errors.ts';
import { ROLES } from '../store/roles.ts';
import { type Compose, composeFaults } from './compose.ts';

const TEXT = readFileSync('docker-compose.yml', 'utf8');
const DOCKERFILE = readFileSync('Dockerfile', 'utf8');
const compose = (): Compose => parse(TEXT, { merge: true });
const scratch = mkdtempSync(path.join(tmpdir(), 'tidewatch-compose-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What the compose specification's own schema says against a file. */
function schemaFaults(text: string): string[] {
  const file = path.join(scratch, 'docker-compose.yml');
  writeFileSync(file, text);
  const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] });
  const results: { messages: { rule: string; message: string }[] }[] = linter.lintFiles([file], false);
  return results
    .flatMap(({ messages }) => messages)
    .filter(({ rule }) => /^invalid-(schema|yaml)$/.test(rule))
    .map(({ message }) => message);
}

/** name=value lines of a .properties file. */
const properties = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^[^#]+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

test('docker-compose.yml is a file of the compose specification', () => expect(schemaFaults(TEXT)).toEqual([]));

test.each([
  ['an unknown key', TEXT.replace('read_only:', 'readonly:')],
  ['a value of the wrong type', TEXT.replace("restart: 'no'", 'restart: [no]')],
  ['an unknown section', `${TEXT}\nservice: {}\n`],
  ['a condition that there is none of', TEXT.replace('service_healthy', 'service_happy')],
])('the schema refuses %s', (_, text) => {
  expect(text).not.toBe(TEXT);
  expect(schemaFaults(text)).not.toEqual([]);
});

// Not a skipped test where there is no Compose: the schema has spoken.
if (spawnSync('docker', ['compose', 'version']).status === 0)
  test('docker compose reads it', () => {
    execFileSync('docker', ['compose', '--file', 'docker-compose.yml', 'config', '--quiet'], { stdio: 'pipe' });
  });

test('every service follows the rules', () => expect(composeFaults(compose())).toEqual([]));

const PLANTED: [fault: RegExp, plant: (c: Compose) => void][] = [
  [/no exact version/, (c) => Object.assign(c.services.worker!, { image: 'tidewatch:latest' })],
  [/no exact version/, (c) => Object.assign(c.services.postgres!, { image: 'postgres' })],
  [/no exact version/, (c) => Object.assign(c.services.postgres!, { image: 'postgres:17' })],
  [/no number above 0/, (c) => delete c.services.kafka!.user],
  [/no number above 0/, (c) => Object.assign(c.services.worker!, { user: '0:0' })],
  [/can be written/, (c) => delete c.services.postgres!.read_only],
  [/keeps capabilities/, (c) => Object.assign(c.services.worker!, { cap_add: ['NET_ADMIN'] })],
  [/keeps capabilities/, (c) => delete c.services.topics!.cap_drop],
  [/gain privileges/, (c) => Object.assign(c.services.kafka!, { security_opt: [] })],
  [/shares the host/, (c) => Object.assign(c.services.worker!, { network_mode: 'host' })],
  [/volume .*sock/, (c) => c.services.kafka!.volumes!.push('/var/run/docker.sock:/var/run/docker.sock')],
  [/provisioned read-only/, (c) => c.services.grafana!.volumes!.push('./deploy/observability/x:/etc/x')],
  [/provisioned read-only/, (c) => c.services.grafana!.volumes!.push('./secrets:/etc/x:ro')],
  [/provisioned read-only/, (c) => c.services.grafana!.volumes!.push('./deploy/observability/../../x:/etc/x:ro')],
  [/published twice/, (c) => c.services.grafana!.ports!.push('127.0.0.1:8484:8484')],
  [/PASSWORD holds/, (c) => Object.assign(c.services.grafana!.environment!, { GF_SECURITY_ADMIN_PASSWORD: 'x' })],
  [/lacks a limit/, (c) => delete c.services.worker!.deploy!.resources!.limits!.memory],
  [/tmpfs has no size/, (c) => Object.assign(c.services.worker!, { tmpfs: ['/tmp'] })],
  [/log has no limit/, (c) => delete c.services.migrate!.logging],
  [/container_name/, (c) => Object.assign(c.services.worker!, { container_name: 'worker' })],
  [/beyond 127/, (c) => Object.assign(c.services.kafka!, { ports: ['9094:9094'] })],
  [/reaches nobody/, (c) => Object.assign(c.services.postgres!, { ports: ['127.0.0.1:5432:5432'] })],
  [/networks/, (c) => Object.assign(c.services.worker!, { networks: ['front'] })],
  [/env_file/, (c) => Object.assign(c.services.worker!, { env_file: '.env' })],
  [/POSTGRES_PASSWORD holds/, (c) => Object.assign(c.services.postgres!.environment!, { POSTGRES_PASSWORD: 'x' })],
  [
    /POSTGRES_PASSWORD_FILE holds/,
    (c) => Object.assign(c.services.postgres!.environment!, { POSTGRES_PASSWORD_FILE: '/tmp/x' }),
  ],
  [/WHERE holds/, (c) => Object.assign(c.services.worker!.environment!, { WHERE: 'postgres://worker:pw@postgres/x' })],
  [/argument holds/, (c) => c.services.worker!.command!.push('postgres://worker:pw@postgres/x')],
  [/secret nobody/, (c) => c.services.worker!.secrets!.push('nobody')],
  [/config nobody/, (c) => c.services.worker!.configs!.push({ source: 'nobody', target: '/x' })],
  [/until kafka/, (c) => Object.assign(c.services.worker!.depends_on!, { kafka: { condition: 'service_started' } })],
  [/until postgres/, (c) => delete c.services.postgres!.healthcheck],
  [/restart no/, (c) => Object.assign(c.services.worker!, { restart: 'no' })],
  [/restart always/, (c) => Object.assign(c.services.migrate!, { restart: 'always' })],
  [/not asked every 30 s/, (c) => Object.assign(c.services.worker!.healthcheck!, { timeout: '30s' })],
  [/not asked every 30 s/, (c) => delete c.services.worker!.healthcheck],
  [/not kept in secrets/, (c) => Object.assign(c.secrets.http_token!, { file: 'token.txt' })],
];
test.each(PLANTED)('a planted fault is found: %s', (fault, plant) => {
  const planted = structuredClone(compose());
  plant(planted);
  expect(composeFaults(planted).join('\n')).toMatch(fault);
});

test('the worker has one processor and 512 MB, half a minute to start, and time to end', () => {
  const { worker } = compose().services;
  expect(worker!.deploy!.resources!.limits).toMatchObject({ cpus: '1', memory: '512m' });
  expect(worker!.networks).toEqual(['backend']);
  expect(worker!.ports).toBeUndefined();
  expect(compose().networks.backend).toEqual({ internal: true });
});

test('the image has the version of the package, and the file and the Dockerfile agree on user and base', () => {
  const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
  const { worker, migrate, monitor } = compose().services;
  for (const service of [worker, migrate, monitor]) expect(service!.image).toBe(`tidewatch:${version}`);
  expect(DOCKERFILE).toContain(`ARG VERSION=${version}\n`);
  expect(DOCKERFILE).toContain(`\nUSER ${worker!.user}\n`);
  const base = /^ARG NODE_IMAGE=(node:\d+\.\d+\.\d+-bookworm-slim)$/m.exec(DOCKERFILE)?.[1];
  expect(DOCKERFILE).toContain(`base.name="docker.io/library/${base}"`);
  expect(DOCKERFILE.match(/^FROM .*/gm)).toEqual([`FROM \${NODE_IMAGE} AS build`, `FROM \${NODE_IMAGE}`]);
});

test('what the Dockerfile copies is let through by .dockerignore, and secrets and data are not', () => {
  const lines = readFileSync('.dockerignore', 'utf8').split('\n');
  expect(lines.filter((line) => !line.startsWith('#'))[0]).toBe('*');
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1).replace(/\/$/, ''));
  for (const wanted of [
    'package.json',
    'package-lock.json',
    '.npmrc',
    'tsconfig.build.json',
    'bin',
    'migrations',
    'cli',
  ])
    expect(allowed).toContain(wanted);
  for (const file of allowed.filter((name) => name !== 'dashboards')) expect(existsSync(file), file).toBe(true);
  for (const secret of ['secrets', '.tidewatch', 'tidewatch.yaml', '.git', 'test', 'node_modules'])
    expect(allowed).not.toContain(secret);
});

test('git ignores the secrets', () => {
  expect(readFileSync('.gitignore', 'utf8').split('\n')).toContain('/secrets/');
});

test('every secret is made by the script, which keeps those that are there', () => {
  const folder = path.join(scratch, 'secrets');
  const make = () => execFileSync('sh', ['deploy/compose/secrets.sh', folder], { encoding: 'utf8' });
  make();
  const read = () =>
    Object.fromEntries(readdirSync(folder).map((f) => [f, readFileSync(path.join(folder, f), 'utf8')]));
  const first = read();
  const { secrets } = compose();
  expect(Object.keys(first).sort()).toEqual(
    Object.values(secrets)
      .map(({ file }) => path.basename(file))
      .sort(),
  );
  expect(new Set(Object.values(first)).size).toBe(Object.keys(first).length);
  for (const text of Object.values(first)) expect(text).toMatch(/^\S{48,}$/);
  // the containers' users are not those of this machine: the folder is what keeps others out
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(folder, 'http_token.txt')).mode & 0o777).toBe(0o644);
  for (const login of ['migrator', 'worker', 'monitor'])
    expect(first[`${login}_database_url.txt`]).toBe(
      `postgres://${login}:${first[`${login}_password.txt`]}@postgres:5432/tidewatch`,
    );
  expect(make()).not.toMatch(/is new/);
  expect(read()).toEqual(first);
});

/** The configuration of a service, and the secrets that it reads. */
function configOf(service: string) {
  const file = 'deploy/compose/tidewatch.yaml';
  const asked: string[] = [];
  const environment = compose().services[service]!.environment ?? {};
  const parsed = parseConfig({
    text: readFileSync(file, 'utf8'),
    file,
    env: Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value)])),
    readSecret: (name) => {
      asked.push(name);
      return ok(name.includes('url') ? 'postgres://worker:pw@postgres:5432/tidewatch' : 'a'.repeat(48));
    },
  });
  if (!parsed.ok) throw new Error(parsed.fault.detail);
  return { config: parsed.value.config, asked: asked.sort() };
}

test.each([
  ['migrate', []],
  ['worker', []],
  ['monitor', ['/run/secrets/alerts_secret']],
])('%s reads the one configuration, and the secrets that it is given', (name, more) => {
  const { asked } = configOf(name);
  expect(asked).toEqual([...more, '/run/secrets/database_url', '/run/secrets/http_token']);
  const service = compose().services[name]!;
  const targets = service.secrets!.map((secret) => (typeof secret === 'string' ? secret : secret.target));
  expect(targets.map((target) => `/run/secrets/${target}`).sort()).toEqual(asked);
  expect(service.command).toContain('/etc/tidewatch/tidewatch.yaml');
});

test('the configuration of the containers names their topics, broker and port', () => {
  const { config } = configOf('worker');
  expect(config.streams.map(({ name, topic }) => [name, topic])).toContainEqual(['telemetry', 'telemetry']);
  expect(config.streams).toHaveLength(1);
  expect(config.kafka.brokers).toEqual(['kafka:9092']);
  const { worker, monitor } = compose().services;
  for (const service of [worker, monitor])
    expect(service!.healthcheck!.test!.join(' ')).toContain(`http://127.0.0.1:${config.http.port}/health/live`);
  // where notifications say that the console is
  expect(monitor!.ports).toEqual([`${new URL(config.notify.consoleUrl).host}:${config.http.port}`]);
  const topics = readFileSync('deploy/compose/topics.sh', 'utf8');
  for (const topic of ['telemetry', config.kafka.deadLetterTopic]) expect(topics).toContain(`make_topic ${topic} `);
});

test('every command that a container runs is there, with its options', () => {
  const commands = new Map(buildProgram().commands.map((command) => [command.name(), command]));
  const ours = Object.values(compose().services).filter(({ image }) => image!.startsWith('tidewatch:'));
  for (const [name, ...options] of ours.map(({ command }) => command!)) {
    const command = commands.get(name!);
    expect(command, name).toBeDefined();
    for (const option of options.filter((word) => word.startsWith('--')))
      expect(command!.options.map(({ long }) => long)).toContain(option);
  }
});

test('the broker is set as its native twin is, but for its addresses and folder', () => {
  const listeners = [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', port: 1 }] as const;
  const twin = nodeProperties({ listeners, advertised: {}, controllerPort: 2, dataDir: 'x', extra: {} });
  const own = properties(readFileSync('deploy/compose/kafka.properties', 'utf8'));
  const place = /listener|^log\.dirs$|^controller\.quorum/;
  const rest = (all: Record<string, string>) => Object.entries(all).filter(([key]) => !place.test(key));
  expect(Object.entries(own)).toEqual(expect.arrayContaining(rest(twin)));
  expect(own['log.dirs']).toMatch(/^\/var\/lib\/kafka\/data\//);
  expect(own['advertised.listeners']).toBe('INTERNAL://kafka:9092,HOST://127.0.0.1:9094');
  expect(compose().services.kafka!.ports).toEqual(['127.0.0.1:9094:9094']);
});

test('the database has a role for each duty, and logins that are no more than they must be', () => {
  const sql = readFileSync('deploy/compose/logins.sql', 'utf8');
  for (const role of ROLES) expect(sql).toContain(`CREATE ROLE ${role} NOLOGIN;`);
  // each login is in the role of its duty, and in no other; its password comes from a secret that the server is given
  for (const login of ['worker', 'monitor', 'grafana'])
    expect(sql).toMatch(
      new RegExp(
        `^CREATE ROLE ${login} LOGIN PASSWORD :'${login}_password'( CONNECTION LIMIT \\d+)? IN ROLE tidewatch_${login};$`,
        'm',
      ),
    );
  const read = [...sql.matchAll(/cat \/run\/secrets\/(\w+)/g)].map((match) => match[1]);
  expect(compose().services.postgres!.secrets).toEqual(['postgres_password', ...read]);
  expect(sql).not.toMatch(/SUPERUSER|CREATEROLE|CREATEDB|BYPASSRLS/);
  expect(sql).not.toMatch(/PASSWORD '/);
});

test.each(Object.values(compose().configs).map(({ file }) => file))('%s is there', (file) => {
  expect(statSync(file).isFile()).toBe(true);
});

test("the workers' and the monitor's health check passes while it answers well, and only then", async () => {
  const [kind, program, ...args] = compose().services.worker!.healthcheck!.test!;
  expect([kind, program]).toEqual(['CMD', 'node']);
  let status = 200;
  const server = createServer((request, response) =>
    response.writeHead(request.url === '/health/live' ? status : 404).end('{}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const check = () =>
    new Promise((resolve) =>
      execFile(
        process.execPath,
        args.map((arg) => arg.replace(':8484/', `:${port}/`)),
      ).once('exit', resolve),
    );
  expect(await check()).toBe(0);
  status = 503;
  expect(await check()).toBe(1);
  await new Promise((resolve) => server.close(resolve));
  expect(await check()).toBe(1);
});

test.each(['kafka.sh', 'topics.sh', 'secrets.sh'])('%s is a script that sh understands', (file) => {
  execFileSync('sh', ['-n', path.join('deploy/compose', file)]);
});
