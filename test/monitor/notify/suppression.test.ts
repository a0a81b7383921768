import { expect, test } from 'vitest';
import { type SuppressRule, suppressRule } from '../../../core/config/notify.ts';
import type { Incident } from '../../../core/types.ts';
import type { MaintenanceWindow } from '../../../monitor/notify/ports.ts';
import { suppressedBy } from '../../../monitor/notify/suppression.ts';
import { makeIncident } from '../../store/make.ts';

const START_MS = 1_760_000_000_000;
const of = (metric: string, share: number, value: number) => ({
  metric,
  share,
  value,
  expectedLow: 100,
  expectedHigh: 200,
});
const incident = (...attributions: Incident['attributions']): Incident =>
  makeIncident({ stream: 'shop', entity: 'web-1', startMs: START_MS, attributions });
const rule = (more: Partial<SuppressRule>): SuppressRule => suppressRule.parse({ name: 'r', ...more });
const windowOf = (more: Partial<MaintenanceWindow>): MaintenanceWindow => ({
  id: 'mw-1',
  stream: 'shop',
  entity: null,
  metric: null,
  fromMs: START_MS - 1_000,
  toMs: START_MS + 1_000,
  reason: 'disks are swapped',
  actor: 'operator:ann',
  createdMs: 0,
  endedMs: null,
  endedBy: null,
  ...more,
});

test('without rules and windows nothing is kept back', () =>
  expect(suppressedBy(incident(of('cpu', 1, 900)), [], [])).toBeNull());

test.each<[string, Partial<MaintenanceWindow>, boolean]>([
  ['covers its stream', {}, true],
  ['covers every stream', { stream: null }, true],
  ['covers its leading metric', { metric: 'cpu' }, true],
  ['is for another metric', { metric: 'disk' }, false],
  ['is for another entity', { entity: 'web-2' }, false],
  ['is over', { toMs: START_MS }, false],
  ['lies ahead', { fromMs: START_MS + 1 }, false],
  ['was ended before', { endedMs: START_MS }, false],
])('a maintenance window that %s', (_what, more, kept) => {
  expect(suppressedBy(incident(of('cpu', 1, 900)), [], [windowOf(more)])).toEqual(
    kept ? { by: 'maintenance', name: 'mw-1', reason: 'disks are swapped' } : null,
  );
});

test.each<[string, Partial<SuppressRule>, number, string | null]>([
  ['the other direction', { direction: 'above' }, 50, 'cpu is below its band, and only above is asked for'],
  ['the wanted direction', { direction: 'above' }, 900, null],
  ['a small deviation', { minAbsolute: 30 }, 220, 'cpu is less than 30 off its band'],
  ['a deviation of just that size', { minAbsolute: 20 }, 220, null],
  ['a small share of the edge', { minRelative: 0.2 }, 220, 'cpu is less than 20 % off its band'],
  ['a large share of it', { minRelative: 0.05 }, 220, null],
  ['a rule for other metrics', { metric: 'disk_*', minAbsolute: 1e9 }, 220, null],
  ['a rule for other entities', { entity: 'db-*', minAbsolute: 1e9 }, 220, null],
])('of %s the rule says so', (_what, more, value, reason) => {
  expect(suppressedBy(incident(of('cpu', 1, value)), [rule(more)], [])).toEqual(
    reason === null ? null : { by: 'rule', name: 'r', reason },
  );
});

test('one leading metric that no rule keeps back is enough to tell somebody', () => {
  const rules = [rule({ metric: 'cpu', minAbsolute: 1e9 })];
  expect(suppressedBy(incident(of('cpu', 0.6, 220), of('disk', 0.4, 900)), rules, [])).toBeNull();
  expect(suppressedBy(incident(of('cpu', 0.95, 220), of('disk', 0.05, 900)), rules, [])).not.toBeNull();
});

test('an absence has no metric that a rule could be about', () =>
  expect(suppressedBy({ ...incident(), kind: 'absence' }, [rule({ minAbsolute: 1e9 })], [])).toBeNull());

test('a metric whose band is unknown is told of', () => {
  const unknown = { ...of('cpu', 1, 900), expectedLow: Number.NaN, expectedHigh: Number.NaN };
  expect(suppressedBy(incident(unknown), [rule({ minAbsolute: 1e9 })], [])).toBeNull();
});
