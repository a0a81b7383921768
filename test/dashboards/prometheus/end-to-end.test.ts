import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { openServer, type RunningServer } from '../../../cli/http-server.ts';
import { metricsRoute } from '../../../cli/metrics/route.ts';
import { monitorRoutes } from '../../../cli/monitor/routes.ts';
import { systemClock } from '../../../core/clock.ts';
import { streamConfig } from '../../../core/config/stream.ts';
import { orThrow } from '../../../core/errors.ts';
import {
  alertmanagerConfig,
  compileRules,
  prometheusConfig,
  prometheusRules,
} from '../../../dashboards/rules/index.ts';
import { Access } from '../../../monitor/access/tokens.ts';
import { readEvidence } from '../../../monitor/ledger/evidence.ts';
import { FoldedStream, STREAM, startMonitor } from '../../cli/monitor/site.ts';
import { until } from '../../e2e/up.ts';
import { testDatabase } from '../../postgres.ts';
import { needsPrometheus, scratch, testAlertmanager, testPrometheus } from '../../prometheus.ts';

/** On a machine with much else to do. */
const LIMIT_MS = 120_000;
const SECRET = 'of-post-alerts-the-secret';
const MONTH_OLD_MS = 60_000;

/** A model is old after a minute here; in process that must hold for three minutes, in the rule for two seconds. */
const stream = streamConfig.parse({
  name: STREAM.name,
  window: { size: '1s', allowedLateness: '1s' },
  profile: { grain: '10s', interval: '1m' },
  training: { windows: 256, minWindows: 128 },
  detector: { alertRate: 0.01 },
  policy: { triggers: { retraining_due: { limit: MONTH_OLD_MS, for: '3m' } } },
});
const RULE_WAITS_MS = 2_000;

needsPrometheus('from the fault to the ledger', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let folded: FoldedStream;
  let running: ReturnType<typeof startMonitor>;
  let server: RunningServer;

  beforeAll(async () => {
    database = await testDatabase();
    folded = new FoldedStream(database);
    running = startMonitor(database, 'end to end', { stream });
    const { monitor, metrics } = running;
    const logger = pino({ level: 'silent' });
    const routes = monitorRoutes({
      config: { alerts: { secret: SECRET } },
      monitor,
      access: new Access({ tokens: null, master: undefined, open: true, now: () => 0 }),
      clock: systemClock,
      logger,
      metrics,
      version: '1',
    });
    const http = { host: '127.0.0.1', port: 0, token: undefined, maxBodyBytes: 1_000_000 };
    server = await openServer(http, logger, [metricsRoute(metrics), ...routes]);
    await watch();
  });
  afterAll(async () => {
    await running.end();
    await server.close();
  });

  /** Prometheus and Alertmanager with what is built for them, but for how often they look. */
  async function watch(): Promise<void> {
    const dir = scratch();
    const secrets = { httpToken: path.join(dir, 'token'), alertsSecret: path.join(dir, 'secret'), peopleUrl: null };
    writeFileSync(secrets.httpToken, 'nobody asks for it');
    writeFileSync(secrets.alertsSecret, SECRET);
    const { host: target } = new URL(server.url);
    const consoleUrl = server.url;
    const options = { consoleUrl, alertmanagerUrl: '', monitorUrl: server.url, files: secrets };
    const targets = { worker: target, monitor: target };
    const alertmanager = await testAlertmanager(alertmanagerConfig({ ...options, targets }));
    const config = parse(prometheusConfig({ ...options, targets, alertmanagerUrl: alertmanager.url }));
    config.global = { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' };
    const { policies } = running.monitor;
    const { triggers, config: policy } = policies.of(stream.name);
    const rules = compileRules([
      {
        name: stream.name,
        triggers: triggers.map((one) => (one.name === 'retraining_due' ? { ...one, forMs: RULE_WAITS_MS } : one)),
        limits: policy.limits,
        alertRatioBand: policy.alertRatioBand,
        grainMs: stream.profile.grainMs,
      },
    ]);
    // What was last known is looked at by the second, of the last minute: a look each minute would be waited for.
    const text = prometheusRules(rules, { consoleUrl })
      .replaceAll('interval: 1m', 'interval: 500ms')
      .replaceAll(/\[\w+:1m\]/g, '[1m:1s]');
    await testPrometheus({ config: stringify(config), files: { 'rules.yaml': text } });
  }

  const store = () => running.stores.monitor;
  const decisionsOf = async (trigger: string) =>
    (await store().ledger({ stream: stream.name }))
      .map(({ decision }) => decision)
      .filter((decision) => decision.trigger === trigger);
  /** What each decision of a trigger came from, by its evidence: the alert or what was seen. */
  const sourcesOf = async (trigger: string) => {
    const entries = await store().ledger({ stream: stream.name });
    const named = entries.filter(({ decision }) => decision.trigger === trigger);
    const read = named.map(({ evidence }) => readEvidence(evidence, (sha256) => store().evidence(sha256)));
    return (await Promise.all(read)).map((found) => orThrow(found).input.kind);
  };
  /** What the webhook brought, as the controller took it. */
  const alertsOf = async (trigger: string) => {
    const { inputs } = await store().recorded(stream.name, 0, folded.timeMs + 86_400_000);
    return inputs.filter((input) => input.kind === 'alert' && input.trigger === trigger && input.firing);
  };
  const seenMs = async () => (await store().state(stream.name))?.seen?.atMs ?? 0;
  async function pass(seconds: number, factor?: number): Promise<void> {
    await folded.pass(seconds, factor);
    const wholeMs = Math.floor((folded.timeMs - 3_000) / 10_000) * 10_000;
    await until('it has looked', async () => (await seenMs()) >= wholeMs);
  }

  test('a monitor with a model is scraped', async () => {
    await folded.claim();
    await folded.pass(400);
    await folded.train();
    await until('it is adopted', async () => (await store().state(stream.name))?.serving.champion != null);
    await folded.follow();
    await pass(20);
  });

  test(
    'a rule that fires first has the model retrained, and what is evaluated in process later adds nothing',
    async () => {
      await pass(MONTH_OLD_MS / 1_000);
      const [decision] = await until('it is decided', async () => {
        const found = await decisionsOf('retraining_due');
        return found.length > 0 && found;
      });
      expect(await alertsOf('retraining_due')).toHaveLength(1);
      expect(decision).toMatchObject({ action: 'retrain', trigger: 'retraining_due' });
      await pass(200);
      expect(await decisionsOf('retraining_due')).toHaveLength(1);
    },
    LIMIT_MS,
  );

  test(
    'what is decided in process first is not decided again when the alert comes',
    async () => {
      await pass(70, 1_000);
      const [decision] = await until('it holds', async () => {
        const found = await decisionsOf('producer_changed');
        return found.length > 0 && found;
      });
      expect(decision).toMatchObject({ action: 'hold', cause: 'unit_change' });
      await until('the alert comes', async () => (await alertsOf('producer_changed')).length > 0);
      expect(await sourcesOf('producer_changed')).toEqual(['observation']);
      const text = await running.metrics.text();
      expect(text).toMatch(/tidewatch_webhooks_total\{outcome="accepted"\} [1-9]/);
      expect(text).toContain('tidewatch_webhooks_total{outcome="refused"} 0');
    },
    LIMIT_MS,
  );
});
