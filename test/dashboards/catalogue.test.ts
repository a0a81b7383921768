import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../core/metrics.ts';
import { complaintsOf, metricsOf } from '../../dashboards/catalogue.ts';
import { allQueries, check, expandPromql } from '../../dashboards/index.ts';
import { needsPrometheus, promtool, scratch } from '../prometheus.ts';
import { makeFilling, makeOptions } from './make.ts';

const queries = allQueries(makeOptions()).filter(({ kind }) => kind === 'promql');

describe('metrics of dashboards', () => {
  it('are in the catalogue, with the labels that they have', () => {
    for (const { title, expr } of queries) expect([title, ...complaintsOf(expr)]).toEqual([title]);
  });

  it('are found in an expression, whatever stands around them', () => {
    const expr =
      'histogram_quantile(0.99, sum by (le) (rate(tidewatch_fold_duration_seconds_bucket{stream=~"$stream"}[$__rate_interval]))) > bool on (stream) group_left () 2e3 * up offset 5m';
    expect(metricsOf(expr)).toEqual(['tidewatch_fold_duration_seconds', 'up']);
    expect(complaintsOf(expr)).toEqual([]);
  });

  it('are found among all that the catalogue has', () => {
    const names = Object.keys(METRICS);
    fc.assert(
      fc.property(
        fc.subarray(names, { minLength: 1 }),
        fc.string({ unit: fc.constantFrom('a', '"', '{', '}', ' ') }),
        (some, text) => {
          const quoted = JSON.stringify(text);
          const expr = some
            .map((name) => `sum(${name} == 1 or label_replace(${name}, "x", ${quoted}, "y", ""))`)
            .join(' + ');
          expect(metricsOf(expr)).toEqual([...new Set(some)]);
        },
      ),
    );
  });

  it.each([
    ['sum(tidewatch_windows_totals)', 'no metric is called tidewatch_windows_totals'],
    ['tidewatch_windows_total{entity="web-1"}', 'tidewatch_windows_total has no label entity'],
    ['sum by (entity) (tidewatch_windows_total)', 'no metric has a label entity'],
    ['tidewatch_windows_total_bucket', 'no metric is called tidewatch_windows_total_bucket'],
    ['rate(node_cpu_seconds_total[5m])', 'no metric is called node_cpu_seconds_total'],
  ])('%s is refused', (expr, complaint) => {
    expect(complaintsOf(expr)).toEqual([complaint]);
    const query = { dashboard: 'overview', panelId: 1, title: 'Planted', kind: 'promql', expr, instant: true } as const;
    expect(() => check([query])).toThrow(`dashboard overview, Planted: ${complaint}`);
  });

  it('say nothing of an entity: those are asked of the database', () => {
    for (const { expr } of queries) expect(expr).not.toMatch(/\bentity\b/);
  });
});

describe('tables of dashboards', () => {
  it.each([
    'SELECT * FROM verdicts',
    'SELECT * FROM public.verdicts',
    'SELECT 1 FROM grafana.models JOIN pg_authid ON true',
    'SELECT * FROM grafana.models, api_tokens',
    'SELECT * FROM grafana.api_tokens',
  ])('%s is refused', (expr) => {
    const query = { dashboard: 'models', panelId: 1, title: 'Planted', kind: 'sql', expr, instant: true } as const;
    expect(() => check([query])).toThrow(/dashboard models, Planted: [\w.]+ is no view of dashboards/);
  });
});

needsPrometheus('expressions of dashboards, as Prometheus reads them', () => {
  it('are all of them PromQL', async () => {
    const file = path.join(scratch(), 'rules.yaml');
    const rules = queries.map(({ expr }, i) => ({
      record: `dashboards:query:${i}`,
      expr: expandPromql(expr, makeFilling(1_700_000_000_000, { stream: ['hosts', 'shops'] })),
    }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboards', rules }] }));
    const { code, stdout, stderr } = await promtool('check', 'rules', file);
    expect(`${stdout}${stderr}`).toContain(`${rules.length} rules found`);
    expect(code, readFileSync(file, 'utf8')).toBe(0);
  });
});
