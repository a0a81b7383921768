import { expect, test } from 'vitest';
import { notifyConfig } from '../../../core/config/notify.ts';
import { messagesFor } from '../../../monitor/controller/notify.ts';
import type { Decision } from '../../../monitor/types.ts';
import { START_MS } from '../decide/make.ts';

const config = notifyConfig.parse({
  consoleUrl: 'https://watch.example.org',
  receivers: [
    { name: 'pager', url: 'https://pager.example.org/hook', urgencies: ['page'] },
    { name: 'desk', url: 'https://desk.example.org/hook' },
  ],
});
const decision: Decision = {
  id: 'shop-7',
  stream: 'shop',
  atMs: START_MS,
  action: 'hold',
  trigger: 'producer_changed',
  episode: 1,
  asked: 'hold',
  cause: 'unit_change',
  result: 'done',
  reason: 'A metric is sent in another unit.',
  urgency: 'page',
  actor: 'controller',
  model: null,
  runbook: 'producer_changed',
};

test('a receiver is told of the urgencies that it asked for, once a decision', () => {
  const told = messagesFor([decision, { ...decision, id: 'shop-8', urgency: 'ticket' }], config, 5);
  expect(told.map(({ id }) => id)).toEqual(['shop-7:pager', 'shop-7:desk', 'shop-8:desk']);
  expect(told[0]).toMatchObject({ receiver: 'pager', createdMs: 5 });
});

test('what is only for information, or would only have been done, is told to nobody', () => {
  expect(messagesFor([{ ...decision, urgency: 'info' }], config, 5)).toEqual([]);
  expect(messagesFor([{ ...decision, result: 'dry_run' }], config, 5)).toEqual([]);
});

test('the body is that of an Alertmanager webhook of version 4', () => {
  const body = JSON.parse(messagesFor([decision], config, 5)[0]!.body);
  expect(body).toMatchObject({ version: '4', status: 'firing', receiver: 'pager', externalURL: config.consoleUrl });
  expect(typeof body.groupKey).toBe('string');
  expect(body.alerts).toMatchObject([
    {
      status: 'firing',
      labels: { alertname: 'producer_changed', stream: 'shop', severity: 'critical' },
      annotations: { description: decision.reason, runbook_url: expect.stringContaining('producer_changed') },
      startsAt: new Date(START_MS).toISOString(),
      fingerprint: expect.any(String),
    },
  ]);
  for (const value of Object.values(body.alerts[0].labels)) expect(typeof value).toBe('string');
});

test('the same decision comes to the same bytes, whenever it is told', () => {
  const [first] = messagesFor([decision], config, 5);
  const [again] = messagesFor([decision], config, 6);
  expect(again!.id).toBe(first!.id);
  expect(again!.body).toBe(first!.body);
});
