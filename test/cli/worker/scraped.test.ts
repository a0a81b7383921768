import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { formatDuration } from '../../../core/config/duration.ts';
import { METRICS, type MetricName } from '../../../core/metrics.ts';
import { metricsOf } from '../../../dashboards/catalogue.ts';
import { allQueries, type DashboardQuery, expandPromql } from '../../../dashboards/index.ts';
import { compileRules, JOBS, prometheusConfig, prometheusRules } from '../../../dashboards/rules/index.ts';
import { makeOptions } from '../../dashboards/make.ts';
import { freePort, until } from '../../e2e/up.ts';
import { useKafka } from '../../kafka.ts';
import { needs } from '../../needs.ts';
import { testDatabase } from '../../postgres.ts';
import { needsPrometheus, scratch, type TestPrometheus, testPrometheus, type Vector } from '../../prometheus.ts';
import { Site, type WorkerProcess } from './site.ts';

const SCRAPE_MS = 500;
/** In place of its five minutes. */
const DOWN_FOR_MS = 1_000;
/** On a machine with much else to do. */
const LIMIT_MS = 60_000;

const panelOf = ({ dashboard, title }: DashboardQuery) => `${dashboard}, ${title}`;
const ofMonitor = ({ expr }: DashboardQuery) =>
  metricsOf(expr).some((name) => name in METRICS && !METRICS[name as MetricName].setBy.includes('worker'));
/** Queries that one worker of one stream does not answer, and why. */
const UNANSWERED: readonly { panel: string; is: (query: DashboardQuery) => boolean; why: string }[] = [
  {
    panel: 'overview, Is telemetry arriving?',
    is: ({ expr }) => expr.startsWith('count('),
    why: 'streams that are silent while others send: there are no others',
  },
  { panel: 'overview, Drift, as a share of its limit', is: ofMonitor, why: 'a monitor shows figures, and none runs' },
  { panel: 'pipeline, Trouble', is: ofMonitor, why: 'a monitor takes webhooks and sends notifications' },
];
const mayBeOpen = (query: DashboardQuery) => UNANSWERED.some(({ panel, is }) => panel === panelOf(query) && is(query));

interface Alert {
  state: string;
  labels: Record<string, string>;
}

needs('kafka')('a worker on Kafka', () => {
  useKafka();

  needsPrometheus('that Prometheus scrapes', () => {
    let site: Site;
    let worker: WorkerProcess;
    let instance: string;
    let prometheus: TestPrometheus;
    let queries: DashboardQuery[];
    let fromMs: number;

    beforeAll(async () => {
      site = await Site.open({ database: await testDatabase() });
      worker = await site.start();
      instance = new URL(await worker.url()).host;
      fromMs = Date.now() - 1_000;
      const options = makeOptions([site.name]);
      queries = allQueries(options).filter(
        ({ dashboard, kind }) => kind === 'promql' && ['overview', 'pipeline'].includes(dashboard),
      );
      prometheus = await watch(options);
    }, LIMIT_MS);
    afterAll(async () => site?.close());

    /** With what is built for it, but for how often it looks, how long it waits, and where they are. Nobody is the monitor. */
    async function watch(options: ReturnType<typeof makeOptions>): Promise<TestPrometheus> {
      const files = { httpToken: path.join(scratch(), 'token'), alertsSecret: '', peopleUrl: null };
      writeFileSync(files.httpToken, 'nobody asks for it');
      const nobody = `127.0.0.1:${await freePort()}`;
      const targets = { worker: instance, monitor: nobody };
      const config = parse(prometheusConfig({ ...options, targets, files, alertmanagerUrl: `http://${nobody}` }));
      const every = formatDuration(SCRAPE_MS);
      config.global = { scrape_interval: every, scrape_timeout: every, evaluation_interval: every };
      const rules = compileRules(options.streams).map((rule) =>
        rule.name === 'target_down' ? { ...rule, forMs: DOWN_FOR_MS } : rule,
      );
      const text = prometheusRules(rules, options).replaceAll('interval: 1m', `interval: ${every}`);
      return testPrometheus({ config: stringify(config), files: { 'rules.yaml': text } });
    }

    /** What a panel would be given now; values that are no numbers are no answer. */
    async function answer({ expr, instant }: DashboardQuery): Promise<Vector[]> {
      const nowMs = Date.now();
      const variables = { stream: site.name };
      const text = expandPromql(expr, {
        fromMs,
        toMs: nowMs,
        stepSeconds: 1,
        scrapeSeconds: SCRAPE_MS / 1_000,
        variables,
      });
      const found = await (instant ? prometheus.query(text, nowMs) : prometheus.range(text, fromMs, nowMs, SCRAPE_MS));
      return found.filter(({ points }) => points.some(([, value]) => Number.isFinite(value)));
    }
    const named = (title: string) => queries.find((query) => query.title === title)!;
    /** The newest value; null for a panel that says that nothing is known. */
    async function saidBy(title: string): Promise<number | null> {
      const query = named(title);
      return (await answer({ ...query, instant: true }))[0]?.points.at(-1)?.[1] ?? null;
    }
    const up = async () =>
      (await prometheus.query(`up{job="${JOBS.worker}"}`, Date.now())).map(({ points }) => points[0]![1]).at(0);
    async function downAlert(): Promise<string | null> {
      const { alerts } = (await prometheus.ask('alerts')) as { alerts: Alert[] };
      const mine = alerts.find(({ labels }) => labels.alertname === 'target_down' && labels.instance === instance);
      return mine?.state ?? null;
    }

    test(
      'every panel of its figures has an answer, and once it is gone they say so and an alert fires',
      async () => {
        await worker.ready();
        const scraped = `min(count_over_time(tidewatch_partitions_owned{stream="${site.name}"}[1m])) > 1`;
        await worker.wait('it is scraped', async () => (await prometheus.query(scraped, Date.now())).length > 0);
        expect(await saidBy('Dead letters')).toBe(0);

        let open = queries;
        const answered = async () => {
          const answers = await Promise.all(open.map(answer));
          open = open.filter((_, i) => answers[i]!.length === 0);
          return open;
        };
        await site.send(20);
        await site.sendRaw('neither JSON nor anything else');
        await site.sendRaw('cpu,host=a value=1 1700000000000000000');
        await site.sendRaw(JSON.stringify({ entity: 'e0', time: site.startMs, values: { m0: 1 } }));
        await until('it shows how far behind it is', async () => {
          await answered();
          return ((await saidBy('Behind the clock')) ?? 0) > 3_000;
        });
        const time = Date.now();
        for (const entity of site.entities) await site.sendRaw(JSON.stringify({ entity, time, values: { m0: 1 } }));
        await until(
          'answers to every query',
          async () => (await answered()).every(mayBeOpen),
          20_000,
          () => open.map((query) => `\n${panelOf(query)}: ${query.expr}`).join(''),
        );
        expect(new Set(open.map(panelOf))).toEqual(new Set(UNANSWERED.map(({ panel }) => panel)));
        for (const title of ['Records refused', 'Dead letters'])
          await until(`${title} are counted`, async () => (await saidBy(title))! > 0);
        const late = (await answer(named('What became of points'))).find(({ labels }) => labels.disposition === 'late');
        expect(Math.max(...late!.points.map(([, perSecond]) => perSecond))).toBeGreaterThan(0);
        // The monitor is not there, and that is told of it alone.
        expect(await saidBy('Processes that answer')).toBe(0.5);
        expect([await up(), await downAlert()]).toEqual([1, null]);

        expect((await worker.end('SIGTERM')).code).toBe(0);
        await until('it is missed', async () => (await up()) === 0);
        expect(await saidBy('Processes that answer')).toBe(0);
        for (const title of [
          'Without its forest',
          'Split entities',
          'Records that wait',
          'Behind the clock',
          'Entities',
        ])
          expect([title, await saidBy(title)]).toEqual([title, null]);
        await until('the alert fires', async () => (await downAlert()) === 'firing');
        await until('nothing is said of traffic', async () => (await saidBy('Is telemetry arriving?')) === null);
      },
      LIMIT_MS,
    );
  });
});
