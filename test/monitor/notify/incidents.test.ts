import { expect, test } from 'vitest';
import { notifyConfig, suppressRule } from '../../../core/config/notify.ts';
import type { Incident } from '../../../core/types.ts';
import { incidentMessages } from '../../../monitor/notify/incidents.ts';
import { makeIncident } from '../../store/make.ts';

const RECEIVERS = notifyConfig.parse({
  consoleUrl: 'https://tidewatch.example.org',
  receivers: [
    { name: 'pager', url: 'https://example.org/a' },
    { name: 'silent', url: 'https://example.org/b', incidents: false },
  ],
});
const cpu = { metric: 'cpu', share: 1, value: 9, expectedLow: 1, expectedHigh: 2 };
const open: Incident = makeIncident({
  id: 'inc 1',
  stream: 'shop',
  entity: 'web-1',
  resolvedMs: null,
  attributions: [cpu],
});
const tell = (incidents: Incident[], rules: Parameters<typeof suppressRule.parse>[0][] = []) =>
  incidentMessages(incidents, RECEIVERS, () => rules.map((rule) => suppressRule.parse(rule)), [], 1_000);

test('an incident is told once when it opens and once when it is resolved, to those who want incidents', () => {
  const resolved = { ...open, resolvedMs: open.lastMs + 60_000 };
  expect([...tell([open]), ...tell([open]), ...tell([resolved])].map(({ id }) => id)).toEqual([
    'incident:inc 1:firing:pager',
    'incident:inc 1:firing:pager',
    'incident:inc 1:resolved:pager',
  ]);
});

test('the message says what, where and since when, links to the console, and is in the format of Alertmanager', () => {
  const body = JSON.parse(tell([open])[0]!.body);
  expect(body).toMatchObject({ version: '4', status: 'firing', receiver: 'pager' });
  expect(body.alerts[0]).toMatchObject({
    labels: { alertname: 'incident_anomaly', stream: 'shop', entity: 'web-1' },
    startsAt: new Date(open.startMs).toISOString(),
    generatorURL: 'https://tidewatch.example.org/#/incidents/inc%201',
  });
  expect(body.alerts[0].annotations.summary).toContain(open.summary);
});

test('a suppressed incident is told nobody, until it has grown beyond its rule', () => {
  const rule = { name: 'small', metric: 'cpu', minAbsolute: 100 };
  expect(tell([open], [rule])).toEqual([]);
  expect(tell([{ ...open, attributions: [{ ...cpu, value: 900 }] }], [rule])).toHaveLength(1);
});
