import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { complaintsOf } from '../../../dashboards/catalogue.ts';
import { compileRules } from '../../../dashboards/rules/index.ts';
import { makeStream } from './make.ts';

const HEADINGS = ['What it means', 'What to check', 'How to decide', 'Whom to escalate to, and when'];
const RULES = compileRules([makeStream()]);
const PAGES = readdirSync('docs/runbooks').map((file) => file.replace(/\.md$/, ''));
const COMMANDS = new Set(
  [...readFileSync('docs/reference/cli.md', 'utf8').matchAll(/^## (tidewatch .*)$/gm)].map(([, name]) => name!),
);

/** What is wrong with a page, in words. */
function faultsOf(text: string, alerts: readonly string[]): string[] {
  const found: string[] = [];
  const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  if (headings.join() !== HEADINGS.join()) found.push(`headings: ${headings.join()}`);
  for (const name of alerts) if (!text.includes(`\`${name}\``)) found.push(`does not name ${name}`);
  const code = [...text.matchAll(/`([^`]+)`/g)].map(([, one]) => one!.replace(/\s+/g, ' '));
  for (const one of code.filter((c) => c.startsWith('tidewatch '))) {
    const words = one.split(' ').filter((word) => /^[a-z]+$/.test(word));
    if (!COMMANDS.has(words.slice(0, 3).join(' ')) && !COMMANDS.has(words.slice(0, 2).join(' ')))
      found.push(`no command ${one}`);
  }
  const queries = code.filter(
    (c) => /tidewatch_[a-z]|\bup\{|ALERTS/.test(c) && !/^tidewatch_(worker|monitor)$/.test(c),
  );
  if (queries.length === 0) found.push('asks Prometheus nothing');
  for (const query of queries) found.push(...complaintsOf(query).map((said) => `${query}: ${said}`));
  if (!/\b(page|pages|overview)\b/.test(text) || !/In the\s+console:/.test(text))
    found.push('names no page of the console');
  const escalated = text.slice(text.indexOf('## Whom to escalate'));
  if (!/at once|within|after (\d|two)|nobody/i.test(escalated)) found.push('does not say when to escalate');
  const long = text.split('\n').length;
  if (long > 45) found.push(`${long} lines`);
  return found;
}

test('every rule has a runbook that exists, and every runbook a rule', () => {
  expect([...new Set(RULES.map(({ runbook }) => runbook))].sort()).toEqual([...PAGES].sort());
});

describe.each(PAGES)('the runbook %s', (page) => {
  test('has its four parts, names its alerts, and only commands and figures that there are', () => {
    const alerts = RULES.filter(({ runbook }) => runbook === page).map(({ name }) => name);
    expect(faultsOf(readFileSync(`docs/runbooks/${page}.md`, 'utf8'), alerts)).toEqual([]);
  });
});

test.each([
  ['headings', (text: string) => text.replace('## What to check', '## Checks')],
  ['does not name psi_warn', (text: string) => text.replaceAll('`psi_warn`', 'it')],
  ['no command', (text: string) => text.replace('tidewatch explain decision', 'tidewatch justify decision')],
  ['no metric', (text: string) => text.replace('tidewatch_figure{', 'tidewatch_number{')],
  ['no label', (text: string) => text.replace('span=', 'time=')],
  ['names no page', (text: string) => text.replace('In the console:', '')],
  ['does not say when', (text: string) => text.replace(/(## Whom[^\n]*)[\s\S]*$/, '$1\n\nSomebody.\n')],
])('a page with a fault is told: %s', (said, spoil) => {
  const text = readFileSync('docs/runbooks/psi_drift.md', 'utf8');
  expect(spoil(text)).not.toBe(text);
  expect(faultsOf(spoil(text), ['psi_drift', 'psi_warn']).join('\n')).toContain(said);
});
