import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readConfig, wantedLines } from '../../../cli/services/config-file.ts';
import { KAFKA_VERSION } from '../../../cli/services/kafka-jars.ts';
import type { ServicesOptions } from '../../../cli/services/options.ts';
import type { Server } from '../../../cli/services/prometheus-server.ts';
import { alertsSecret, launchWatchers } from '../../../cli/services/prometheus-start.ts';
import { systemClock } from '../../../core/clock.ts';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { amtool, needsPrometheus, programs, promtool, scratch, TestPrometheus } from '../../prometheus.ts';

function site(configText: string) {
  const dir = scratch();
  const configFile = path.join(dir, 'tidewatch.yaml');
  writeFileSync(configFile, configText);
  const lines: string[] = [];
  const options: ServicesOptions = {
    dir: path.join(dir, 'services'),
    configFile,
    force: false,
    kafkaVersion: KAFKA_VERSION,
    kafkaPort: null,
    partitions: 1,
    beside: new Set(['prometheus', 'alertmanager']),
    clock: systemClock,
    say: (part, line) => lines.push(`${part}: ${line}`),
    signal: new AbortController().signal,
  };
  return { options, lines };
}

const started: Server[] = [];
afterEach(() => Promise.all(started.splice(0).map((server) => server.stop())));

async function launch(options: ServicesOptions) {
  const { prometheus, alertmanager } = programs();
  const found = new Map([['prometheus', prometheus] as const, ['alertmanager', alertmanager] as const]);
  const servers = await launchWatchers(found, options, async (_name, server) => {
    started.push(server);
    return server;
  });
  return { alertmanager: servers[0]!, prometheus: new TestPrometheus(servers[1]!) };
}

interface Rules {
  groups: { name: string; rules: { name: string; health: string }[] }[];
}
const rulesOf = async (prometheus: TestPrometheus) =>
  ((await prometheus.ask('rules')) as Rules).groups.flatMap(({ rules }) => rules);

test('the secret of alerts is made once, is for its owner alone, and a configuration without it is told', () => {
  const { options } = site('');
  const alerts = alertsSecret(options.dir);
  expect(alertsSecret(options.dir)).toEqual(alerts);
  expect(statSync(alerts.secretFile).mode & 0o777).toBe(0o600);
  const urlFile = path.join(options.dir, 'database.url');
  writeFileSync(urlFile, 'postgres://a@127.0.0.1/b\n');
  const wanted = { broker: '127.0.0.1:9092', urlFile, url: 'postgres://a@127.0.0.1/b', alerts };
  const { alerts: _, ...without } = wanted;
  writeFileSync(options.configFile, wantedLines(without).join('\n'));
  expect(readConfig(options.configFile, wanted).problem).toBe('names no secret of alerts');
  writeFileSync(options.configFile, wantedLines(wanted).join('\n'));
  expect(readConfig(options.configFile, wanted).problem).toBeNull();
});

needsPrometheus('Prometheus and Alertmanager of the services', () => {
  test('have a rule for every trigger of the streams, know each other, and end when they are stopped', async () => {
    const { options, lines } = site('streams:\n  - name: telemetry\n    topic: telemetry\n');
    const { prometheus, alertmanager } = await launch(options);
    expect(lines).toEqual([
      `Alertmanager: ready on ${alertmanager.url}`,
      `Prometheus: ready on ${prometheus.url}`,
      'scraped: worker on 127.0.0.1:8484, monitor on 127.0.0.1:8486 (TIDEWATCH_PORT=8486 npx tidewatch monitor)',
    ]);
    const names = (await rulesOf(prometheus)).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(TRIGGERS.map(({ name }) => name)));
    // Finding each other takes Prometheus five seconds, which nobody waits for here.
    const { yaml } = (await prometheus.ask('status/config')) as { yaml: string };
    expect(yaml).toContain(`- ${alertmanager.address}`);
    const files = { prometheus: 'prometheus/prometheus.yml', alertmanager: 'alertmanager/alertmanager.yml' };
    const checked = [
      await promtool('check', 'config', path.resolve(options.dir, files.prometheus)),
      await amtool('check-config', path.resolve(options.dir, files.alertmanager)),
    ];
    expect(checked.map(({ code, stderr }) => [code, stderr])).toEqual(checked.map(() => [0, expect.any(String)]));
    const pids = [alertmanager.pid, prometheus.server.pid];
    expect(pids).not.toContain(null);
    await Promise.all(started.splice(0).map((server) => server.stop()));
    expect([alertmanager.pid, prometheus.server.pid]).toEqual([null, null]);
    await expect(fetch(prometheus.url)).rejects.toThrow();
  });

  test('of a configuration that cannot be used it is said, and the rules that need no stream are there', async () => {
    const { options, lines } = site('streams: 7\n');
    const { prometheus } = await launch(options);
    expect(lines).toContainEqual(expect.stringMatching(/^rules: of no stream: .* cannot be used/));
    expect((await rulesOf(prometheus)).map(({ name }) => name)).toContain('monitor_silent');
    const text = readFileSync(path.join(options.dir, 'prometheus', 'rules.yaml'), 'utf8');
    expect(text).not.toContain('psi_drift');
  });
});
