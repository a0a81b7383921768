import { describe, expect, test } from 'vitest';
import { FIGURES } from '../../core/figures.ts';
import { CAUSES } from '../../core/triggers.ts';
import { DECISION_ACTIONS } from '../../monitor/types.ts';

interface RolesData {
  roleChanges(entries: unknown[]): unknown[];
  stretchesOf(changes: unknown[], toMs: number): { role: string; modelId: string; fromMs: number; toMs: number }[];
}
interface Router {
  parseAddress(location: { pathname: string; search: string; hash: string }): unknown;
  monitorLink(name: string, of?: string, query?: Record<string, unknown>): string;
}

const load = async <T>(name: string): Promise<T> =>
  (await import(new URL(`../../monitor/console/${name}`, import.meta.url).href)) as T;
const names = await load<{ FIGURES: [string, string, string, number | null][] }>('figure-names.js');
const words = await load<Record<'actionWords' | 'causeWords', (name: string) => string>>('decision-words.js');
const { roleChanges, stretchesOf } = await load<RolesData>('roles-data.js');
const { parseAddress, monitorLink } = await load<Router>('router.js');

describe('names', () => {
  test('the console has every figure of the monitor, with its unit and its textbook limit', () => {
    const known = Object.fromEntries(names.FIGURES.map(([name, , unit, textbook]) => [name, { unit, textbook }]));
    const there = Object.fromEntries(Object.entries(FIGURES).map(([n, { unit, textbook }]) => [n, { unit, textbook }]));
    expect(known).toEqual(there);
  });

  test('every action and every cause has words of its own', () => {
    for (const [of, words_] of [
      [DECISION_ACTIONS, words.actionWords],
      [CAUSES, words.causeWords],
    ] as const)
      expect(new Set(of.map((name) => words_(name))).size).toBe(of.length);
    for (const action of DECISION_ACTIONS) expect(words.actionWords(action)).toMatch(/^[A-Z]/);
  });
});

describe('roles over time', () => {
  const entry = (atMs: number, action: string, modelId: string | null, result = 'done') => ({
    decision: { id: `s-${atMs}`, atMs, action, result, model: modelId === null ? null : { modelId } },
  });
  const told = (entries: unknown[], toMs = 100) =>
    stretchesOf(roleChanges(entries), toMs).map((s) => `${s.role} ${s.modelId} ${s.fromMs}-${s.toMs}`);

  test('a candidate is challenger until it is champion, then the former one until it is kept', () => {
    const entries = [
      entry(1, 'promote', 'a'),
      entry(10, 'start_shadow', 'b'),
      entry(20, 'start_canary', 'b'),
      entry(30, 'canary_step', 'b', 'refused'),
      entry(40, 'promote', 'b'),
      entry(60, 'keep_champion', 'b'),
    ];
    expect(told(entries.reverse())).toEqual([
      'champion a 1-40',
      'challenger b 10-40',
      'challenger a 40-60',
      'champion b 40-100',
    ]);
  });

  test('a withdrawn candidate ends, and a roll-back changes the champion', () => {
    const entries = [
      entry(1, 'promote', 'a'),
      entry(5, 'start_shadow', 'b'),
      entry(9, 'withdraw', 'b'),
      entry(20, 'promote', 'c'),
      entry(30, 'roll_back', 'a'),
      entry(31, 'hold', null),
    ];
    expect(told(entries)).toEqual(['challenger b 5-9', 'champion a 1-20', 'champion c 20-30', 'champion a 30-100']);
  });
});

describe('addresses behind the #', () => {
  const at = (hash: string) => parseAddress({ pathname: '/', search: '', hash });
  test.each([
    ['#/drift/demo', 'drift', { stream: 'demo' }, {}],
    ['#/drift', 'drift', { stream: undefined }, {}],
    ['#/models/a%20b', 'models', { stream: 'a b' }, {}],
    ['#/decisions/demo-9', 'decision', { id: 'demo-9' }, {}],
    ['#/decisions?stream=demo&before=9', 'decisions', {}, { stream: 'demo', before: '9' }],
    ['#/labels/demo', 'labels', { stream: 'demo' }, {}],
    ['#/maintenance', 'maintenance', {}, {}],
    ['#/constructor', 'missing', {}, {}],
    ['#/drift/a/b', 'missing', {}, {}],
    ['#main', 'overview', {}, {}],
  ])('%s is the page %s', (hash, page, params, query) => {
    expect(at(hash)).toEqual({ page, params, query });
  });

  test('a link leads back to what it was made of', () => {
    const link = monitorLink('drift', 'a/b & "ü"', { range: '7d', show: undefined });
    expect(at(link.slice(1))).toEqual({ page: 'drift', params: { stream: 'a/b & "ü"' }, query: { range: '7d' } });
  });
});
