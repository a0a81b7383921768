import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  alertmanagerConfig,
  COMPOSE_FILES,
  compileRules,
  prometheusConfig,
  prometheusRules,
} from '../../../dashboards/rules/index.ts';
import { amtool, needsPrometheus, promtool, scratch } from '../../prometheus.ts';
import { makeStream, OPTIONS } from './make.ts';

const RULES = compileRules([
  makeStream(),
  makeStream({ name: 'host' }),
  makeStream({ name: 'telemetry', limits: 'textbook' }),
]);

test('names are looked up again and again, since there may be several of them; addresses are asked as they are', () => {
  const jobs = (worker: string): unknown[] =>
    parse(prometheusConfig({ ...OPTIONS, targets: { worker, monitor: 'monitor:8484' } })).scrape_configs;
  expect(jobs('worker:9000')[0]).toMatchObject({ dns_sd_configs: [{ names: ['worker'], type: 'A', port: 9000 }] });
  for (const address of ['127.0.0.1:9000', '[::1]:9000', 'localhost:9000'])
    expect(jobs(address)[0]).toMatchObject({ static_configs: [{ targets: [address] }] });
  for (const job of jobs('worker:9000'))
    expect(job).toMatchObject({ authorization: { type: 'Bearer', credentials_file: COMPOSE_FILES.httpToken } });
});

needsPrometheus('what Prometheus and Alertmanager say of their files', () => {
  test('every rule is one, and the configuration finds them and its tokens', async () => {
    const dir = scratch();
    writeFileSync(path.join(dir, 'rules.yaml'), prometheusRules(RULES, OPTIONS));
    const httpToken = path.join(dir, 'token');
    writeFileSync(httpToken, 'secret');
    const config = prometheusConfig({ ...OPTIONS, files: { ...COMPOSE_FILES, httpToken } });
    writeFileSync(path.join(dir, 'prometheus.yml'), config);
    const ran = await promtool('check', 'config', path.join(dir, 'prometheus.yml'));
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toContain(`SUCCESS: ${RULES.length} rules found`);
    expect(ran.code).toBe(0);
  });

  test.each([COMPOSE_FILES.peopleUrl, null])('the routes are ones, with people told by %s', async (peopleUrl) => {
    const dir = scratch();
    mkdirSync(dir, { recursive: true });
    const file = path.join(dir, 'alertmanager.yml');
    writeFileSync(file, alertmanagerConfig({ ...OPTIONS, files: { ...COMPOSE_FILES, peopleUrl } }));
    const ran = await amtool('check-config', file);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const route = async (...labels: string[]) =>
      (await amtool('config', 'routes', 'test', `--config.file=${file}`, ...labels)).stdout.trim();
    expect(await route('alertname=watchdog', 'severity=none')).toBe('monitor');
    expect(await route('alertname=psi_drift', 'severity=ticket', 'action=retrain')).toBe('monitor,people');
    expect(await route('alertname=psi_warn', 'severity=info', 'action=look')).toBe('monitor,nobody');
    expect(await route('alertname=monitor_silent', 'severity=page')).toBe('people');
    expect(await route('alertname=DatasourceError')).toBe('people');
  });
});
