import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { policiesOf } from '../cli/monitor/policies.ts';
import { Server } from '../cli/services/prometheus-server.ts';
import { systemClock } from '../core/clock.ts';
import { parseConfig } from '../core/config/parse.ts';
import { orThrow } from '../core/errors.ts';
import { build, optionsOf } from '../dashboards/index.ts';
import type { Compose } from './compose.ts';
import { needsPrometheus, programs, scratch } from './prometheus.ts';

/** What `tidewatch dashboards build` writes and docker-compose.yml mounts. */
const FOLDER = 'deploy/observability';
const { services, secrets }: Compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true });
const made = built();

function built(): Map<string, string> {
  const file = 'deploy/compose/tidewatch.yaml';
  const { config } = orThrow(parseConfig({ text: readFileSync(file, 'utf8'), file }));
  const policies = policiesOf(config.streams);
  return build(optionsOf(config, (stream) => policies.get(stream)!.triggers));
}

/** Folders of the host that a service mounts: below FOLDER, and where it finds them. */
const mountsOf = (name: string): { from: string; to: string }[] =>
  (services[name]!.volumes ?? [])
    .filter((volume) => volume.startsWith('./'))
    .map((volume) => volume.split(':'))
    .map(([from, to]) => ({ from: path.relative(FOLDER, from!), to: to! }));

/** The built files that a service sees, by their paths in its container. */
const filesOf = (name: string): Map<string, string> =>
  new Map(
    mountsOf(name).flatMap(({ from, to }) =>
      [...made]
        .filter(([file]) => file.startsWith(`${from}/`))
        .map(([file, text]) => [`${to}/${file.slice(from.length + 1)}`, text] as const),
    ),
  );

const WATCHERS = ['prometheus', 'alertmanager', 'grafana'];

test('what is committed is what the sources make of the configuration of the containers', () => {
  const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const told = 'npx tidewatch dashboards build --out deploy/observability --file deploy/compose/tidewatch.yaml';
  expect(files.map((file) => path.relative(FOLDER, file)).sort(), told).toEqual([...made.keys()].sort());
  for (const [file, text] of made) expect(readFileSync(path.join(FOLDER, file), 'utf8'), told).toBe(text);
});

test('each built file is seen by one service, and each folder that is mounted has some', () => {
  const seen = WATCHERS.flatMap((name) => [...filesOf(name).keys()]);
  expect(seen).toHaveLength(made.size);
  for (const name of WATCHERS)
    for (const { from } of mountsOf(name)) {
      expect(existsSync(path.join(FOLDER, from)), from).toBe(true);
      expect(
        [...made.keys()].some((file) => file.startsWith(`${from}/`)),
        from,
      ).toBe(true);
    }
});

test.each(['prometheus', 'alertmanager'])('%s is told to read a file that it is given', (name) => {
  const option = services[name]!.command!.find((word) => word.startsWith('--config.file='))!;
  expect([...filesOf(name).keys()]).toContain(option.slice(option.indexOf('=') + 1));
});

test('Grafana finds dashboards where its provider looks', () => {
  const files = filesOf('grafana');
  const providers = [...files].filter(([file]) => file.startsWith('/etc/grafana/provisioning/dashboards/'));
  const folders = providers.flatMap(([, text]) =>
    (parse(text) as { providers: { options: { path: string } }[] }).providers.map(({ options }) => options.path),
  );
  expect(folders.length).toBeGreaterThan(0);
  for (const folder of folders) expect([...files.keys()].some((file) => file.startsWith(`${folder}/`))).toBe(true);
});

test.each(WATCHERS)('%s is given every secret that its files name, and no other of theirs', (name) => {
  const named = [...filesOf(name).values()].flatMap((text) => text.match(/(?<=\/run\/secrets\/)\w+/g) ?? []);
  const inEnvironment = Object.values(services[name]!.environment ?? {}).flatMap(
    (value) => String(value).match(/(?<=\/run\/secrets\/)\w+/g) ?? [],
  );
  expect([...new Set([...named, ...inEnvironment])].sort()).toEqual([...(services[name]!.secrets as string[])].sort());
  for (const secret of named) expect(Object.keys(secrets)).toContain(secret);
});

test('files name no host but services of docker-compose.yml, at the ports on which they listen, and this machine', () => {
  const ports = { prometheus: 9090, alertmanager: 9093, monitor: 8484, worker: 8484, grafana: 3000, postgres: 5432 };
  const known = [...Object.entries(ports).map(([name, port]) => `${name}:${port}`), '127.0.0.1:8484', '127.0.0.1:3000'];
  for (const name of Object.keys(ports)) expect(Object.keys(services)).toContain(name);
  const yaml = [...made].filter(([file]) => /\.ya?ml$/.test(file));
  const urls = yaml.flatMap(([, text]) => text.match(/(?<=https?:\/\/)[\w.-]+(:\d+)?/g) ?? []);
  expect(urls.length).toBeGreaterThan(0);
  expect([...new Set(urls)].filter((url) => !known.includes(url))).toEqual([]);
});

/** Ends with the code of the program. */
const codeOf = (file: string, args: readonly string[], cwd: string | undefined): Promise<number | null> =>
  new Promise((resolve) => {
    const child = execFile(file, args, { ...(cwd && { cwd }), timeout: 20_000 }, () => resolve(child.exitCode));
  });

needsPrometheus('Prometheus and Alertmanager as docker-compose.yml starts and asks them', () => {
  test.each(['prometheus', 'alertmanager'] as const)(
    '%s starts with these options and files, and its check tells whether it answers',
    async (name) => {
      const dir = scratch();
      mkdirSync(path.join(dir, 'etc'));
      for (const secret of services[name]!.secrets as string[])
        writeFileSync(path.join(dir, secret), 'https://chat.invalid/hook');
      for (const [file, text] of filesOf(name))
        writeFileSync(path.join(dir, 'etc', path.basename(file)), text.replaceAll('/run/secrets/', `${dir}/`));
      const { command, healthcheck } = services[name]!;
      const inDir = (option: string) =>
        option.replace(`/etc/${name}/`, `${dir}/etc/`).replace(/\.path=\/\w+$/, `.path=${dir}/data`);
      const server = await Server.start({
        name,
        programs: programs()[name],
        dir,
        port: null,
        args: (address) => [...command!.map(inDir), `--web.listen-address=${address}`],
        clock: systemClock,
      });
      const [kind, program, ...args] = healthcheck!.test!;
      expect([kind, program]).toEqual(['CMD', path.basename(programs()[name].tool)]);
      const { tool, root } = programs()[name];
      const check = () => {
        const there = args.map((arg) => arg.replace(/127\.0\.0\.1:\d+/, server.address));
        return codeOf(tool, there, root ?? undefined);
      };
      expect(await check()).toBe(0);
      await server.stop();
      expect(await check()).not.toBe(0);
    },
  );
});
