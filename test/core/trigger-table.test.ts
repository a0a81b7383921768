import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { triggersPage } from '../../cli/docs/triggers-page.ts';
import { FIGURES } from '../../core/figures.ts';
import { TRIGGERS } from '../../core/trigger-table.ts';
import type { Trigger } from '../../core/triggers.ts';

const RUNBOOKS = 'docs/runbooks';
const pages = readdirSync(RUNBOOKS).map((file) => file.replace(/\.md$/, ''));
const named = (name: string): Trigger => {
  const found = TRIGGERS.find((trigger) => trigger.name === name);
  if (found === undefined) throw new Error(`no trigger ${name}`);
  return found;
};

test('every trigger has a runbook', () => {
  expect(pages).toEqual(expect.arrayContaining(TRIGGERS.map(({ runbook }) => runbook)));
});

test.each(pages)('the runbook %s says what it means, what to check, how to decide, whom to tell and when', (page) => {
  const text = readFileSync(`${RUNBOOKS}/${page}.md`, 'utf8');
  const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(['What it means', 'What to check', 'How to decide', 'Whom to escalate to, and when']);
  for (const { name } of TRIGGERS.filter(({ runbook }) => runbook === page)) expect(text).toContain(`\`${name}\``);
});

test('names are unique, and so are priorities, so that what goes first is never chance', () => {
  expect(new Set(TRIGGERS.map(({ name }) => name)).size).toBe(TRIGGERS.length);
  expect(new Set(TRIGGERS.map(({ priority }) => priority)).size).toBe(TRIGGERS.length);
});

test('no cause that lies with a producer, a gap or a storm lets a model be changed', () => {
  const never = ['schema_change', 'unit_change', 'missing_data', 'late_data', 'fault_storm'];
  const touching = TRIGGERS.filter(({ action, otherwise }) =>
    [action, otherwise].some((one) => ['retrain', 'recalibrate', 'roll_back', 'disable_forest'].includes(one ?? '')),
  );
  expect(touching.length).toBeGreaterThan(5);
  for (const { causes } of touching) {
    expect(causes).toBeDefined();
    expect(causes!.filter((cause) => never.includes(cause))).toEqual([]);
  }
});

test('a due drift trigger goes before the scheduled retraining', () => {
  for (const name of ['psi_drift', 'psi_top_features', 'drift', 'quality_fallen', 'calibration_stays_out'])
    expect(named(name).priority).toBeGreaterThan(named('retraining_due').priority);
});

test('calibrating anew comes before training anew on the same figure', () => {
  const [first, second] = [named('calibration_out'), named('calibration_stays_out')];
  expect(first.figure).toBe(second.figure);
  expect([first.action, second.action]).toEqual(['recalibrate', 'retrain']);
  expect(first.forMs).toBeLessThan(second.forMs);
});

test('a trigger asks for the side on which its figure is worse', () => {
  for (const { figure, comparison, name } of TRIGGERS) {
    const { worse } = FIGURES[figure];
    expect([name, comparison]).toEqual([name, worse === 'both' ? 'outside' : worse === 'high' ? '>' : '<']);
  }
});

test('the page of triggers tells of every one', () => {
  const page = triggersPage();
  for (const { name, means } of TRIGGERS) {
    expect(page).toContain(`## ${name}\n`);
    expect(page).toContain(means);
  }
});
