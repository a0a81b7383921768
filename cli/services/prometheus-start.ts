import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rootConfig } from '../../core/config/root.ts';
import { TidewatchError } from '../../core/errors.ts';
import {
  alertmanagerConfig,
  compileRules,
  prometheusConfig,
  prometheusRules,
  type RuledStream,
  type RuleOptions,
} from '../../dashboards/rules/index.ts';
import { loadConfig } from '../load-config.ts';
import { policiesOf } from '../monitor/policies.ts';
import { startAlertmanager } from './alertmanager.ts';
import { readSecret } from './config-file.ts';
import type { ServicesOptions } from './options.ts';
import { freePorts, isFree } from './ports.ts';
import { startPrometheus } from './prometheus.ts';
import type { Programs, Watcher } from './prometheus-programs.ts';
import { HOST, type Server } from './prometheus-server.ts';

export const WATCHER_NAMES: Readonly<Record<Watcher, string>> = {
  prometheus: 'Prometheus',
  alertmanager: 'Alertmanager',
};
const USUAL_PORTS: Readonly<Record<Watcher, number>> = { prometheus: 9090, alertmanager: 9093 };
/** Of `tidewatch monitor` beside a worker on the same machine, as its help has it. */
const MONITOR_PORT = 8486;
const SECRET_BYTES = 24;

/** The secret of POST /alerts with its file in the folder of the services, made when there is none. */
export function alertsSecret(dir: string): { secretFile: string; secret: string } {
  const secretFile = path.join(dir, 'alerts.secret');
  const before = readSecret(secretFile);
  if (before !== null) return { secretFile, secret: before };
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 });
  return { secretFile, secret };
}

/**
 * Starts what is wanted beside Kafka and PostgreSQL with the rules of the configuration's streams; `started` is told of
 * each at once. Throws what Server.start throws.
 */
export async function launchWatchers(
  programs: ReadonlyMap<Watcher, Programs>,
  options: ServicesOptions,
  started: (name: string, server: Server) => Promise<Server>,
): Promise<Server[]> {
  if (programs.size === 0) return [];
  const { say, clock } = options;
  const dirs = {
    prometheus: path.join(options.dir, 'prometheus'),
    alertmanager: path.join(options.dir, 'alertmanager'),
  };
  const ports = { prometheus: await portFor('prometheus'), alertmanager: await portFor('alertmanager') };
  const files = writeFiles(dirs, ports.alertmanager, options);
  const servers: Server[] = [];
  const begun = async (what: Watcher, start: typeof startPrometheus): Promise<void> => {
    const found = programs.get(what);
    if (found === undefined) return;
    const about = { programs: found, dir: dirs[what], configFile: files[what], port: ports[what], clock };
    const server = await started(WATCHER_NAMES[what], await start(about));
    say(WATCHER_NAMES[what], `ready on ${server.url}`);
    servers.push(server);
  };
  // First who is told of alerts: one that finds nobody is told again only after a minute.
  await begun('alertmanager', startAlertmanager);
  await begun('prometheus', startPrometheus);
  if (programs.has('prometheus')) {
    const { worker, monitor } = files.targets;
    say('scraped', `worker on ${worker}, monitor on ${monitor} (TIDEWATCH_PORT=${MONITOR_PORT} npx tidewatch monitor)`);
  }
  return servers;
}

/** The usual one, else a free one. */
async function portFor(what: Watcher): Promise<number> {
  return (await isFree(USUAL_PORTS[what])) ? USUAL_PORTS[what] : (await freePorts(1))[0]!;
}

function writeFiles(dirs: Readonly<Record<Watcher, string>>, alertmanagerPort: number, options: ServicesOptions) {
  for (const dir of Object.values(dirs)) mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { streams, port, token } = known(options);
  const targets = { worker: `${HOST}:${port}`, monitor: `${HOST}:${MONITOR_PORT}` };
  const httpToken = path.resolve(options.dir, 'http.token');
  // Nobody asks for one on loopback, and Prometheus wants the file.
  writeFileSync(httpToken, `${token ?? 'none'}\n`, { mode: 0o600 });
  const about: RuleOptions = {
    consoleUrl: `http://${targets.monitor}`,
    monitorUrl: `http://${targets.monitor}`,
    alertmanagerUrl: `http://${HOST}:${alertmanagerPort}`,
    targets,
    files: { httpToken, alertsSecret: path.resolve(alertsSecret(options.dir).secretFile), peopleUrl: null },
  };
  const prometheus = path.join(dirs.prometheus, 'prometheus.yml');
  const alertmanager = path.join(dirs.alertmanager, 'alertmanager.yml');
  writeFileSync(prometheus, prometheusConfig(about));
  writeFileSync(path.join(dirs.prometheus, 'rules.yaml'), prometheusRules(compileRules(streams), about));
  writeFileSync(alertmanager, alertmanagerConfig(about));
  return { prometheus, alertmanager, targets };
}

/** What the configuration says; of one that cannot be used nothing is known but the defaults. */
function known({ configFile, say }: ServicesOptions) {
  try {
    const { config } = loadConfig({ file: configFile });
    const policies = policiesOf(config.streams);
    const streams = config.streams.map(({ name, policy, profile }): RuledStream => {
      const { limits, alertRatioBand } = policy;
      return { name, limits, alertRatioBand, grainMs: profile.grainMs, triggers: policies.get(name)!.triggers };
    });
    return { streams, port: config.http.port, token: config.http.token };
  } catch (error) {
    if (!(error instanceof TidewatchError)) throw error;
    say('rules', `of no stream: ${configFile} cannot be used; mend it and start again`);
    const { http } = rootConfig.parse({});
    return { streams: [], port: http.port, token: undefined };
  }
}
