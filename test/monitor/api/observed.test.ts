import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { featureShifts, OBSERVATION_FIELDS, partOf } from '../../../monitor/api/observed.ts';
import { openApi } from '../../../monitor/api/openapi.ts';
import type { Operation } from '../../../monitor/api/operation.ts';
import { observationOperations } from '../../../monitor/api/operations/observations.ts';
import type { MonitorParts } from '../../../monitor/api/operations/ports.ts';
import { firstState } from '../../../monitor/decide/step.ts';
import type { FeatureFigures, Observation } from '../../../monitor/observation.ts';
import { storyObservation } from '../../console/fixture-observations.ts';
import { monitorApi } from './operations/monitor.ts';

const WHOLE = storyObservation('shop', 3_600_000, 0, firstState('shop'));
const NAMES = [...OBSERVATION_FIELDS];

/** Every value that is no object, by its path. */
function leaves(of: unknown, path = ''): [path: string, value: unknown][] {
  if (typeof of !== 'object' || of === null || Array.isArray(of)) return [[path, of]];
  return Object.entries(of).flatMap(([name, value]) => leaves(value, path === '' ? name : `${path}.${name}`));
}

describe('parts of an observation', () => {
  test('are what was asked for, where it was, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...NAMES), { maxLength: 6 }), (fields) => {
        const before = structuredClone(WHOLE);
        const asked = (path: string) =>
          path === 'atMs' || fields.some((field) => path === field || path.startsWith(`${field}.`));
        const part = Object.fromEntries(leaves(partOf(WHOLE, { fields })).filter(([, value]) => !isEmpty(value)));
        expect(part).toEqual(
          Object.fromEntries(leaves(WHOLE).filter(([path, value]) => asked(path) && !isEmpty(value))),
        );
        expect(WHOLE).toEqual(before);
      }),
    );
  });

  test('every field of an observation can be asked for', () => {
    expect(Object.keys(WHOLE).filter((name) => !OBSERVATION_FIELDS.has(name))).toEqual([]);
    for (const name of ['constructor', 'spans.year', 'spans.day.speed', 'cause.kind', ''])
      expect(OBSERVATION_FIELDS.has(name), name).toBe(false);
  });

  test('a figure that was not computed is left out, and its span is there', () => {
    expect(partOf(WHOLE, { fields: ['spans.day.pr_auc'] })).toEqual({ atMs: WHOLE.atMs, spans: { day: {} } });
  });

  test('one feature can be asked for, with the rest or alone', () => {
    const feature = WHOLE.features[3]!.feature;
    expect(partOf(WHOLE, { feature })).toEqual({ ...WHOLE, features: [WHOLE.features[3]] });
    expect(partOf(WHOLE, { feature, fields: ['features'] })).toEqual({
      atMs: WHOLE.atMs,
      features: [WHOLE.features[3]],
    });
    expect(partOf(WHOLE, { feature: 'no such', fields: ['features'] }).features).toEqual([]);
    expect(partOf(WHOLE, {})).toEqual(WHOLE);
  });
});

const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;

describe('features by interval', () => {
  const seen = (atMs: number, psi: Record<string, number | null> = {}): Observation => ({
    ...WHOLE,
    atMs,
    intervalMs: 6,
    features: Object.entries(psi).map(
      ([feature, value]): FeatureFigures => ({
        feature,
        psi: value,
        ks: value === null ? null : 1 - value,
        missing: 0,
        missingInTraining: 0,
        psiLimit: atMs / 10,
        ksLimit: 0.9,
        status: value === 0.9 ? 'drift' : 'ok',
      }),
    ),
  });
  const usual = { measure: 'psi', most: 20, decimals: 4 } as const;

  test('intervals are counted back from the newest observation; one without any is unknown', () => {
    const { ends, features } = featureShifts(
      [3, 4, 5, 6, 7, 20, 21].map((at) => seen(at, { a: at / 100 })),
      usual,
    );
    expect(ends).toEqual([3, 9, 15, 21]);
    expect(features).toMatchObject([{ values: [0.03, 0.07, null, 0.21], statuses: ['ok', 'ok', 'unknown', 'ok'] }]);
  });

  test('features stand by their newest shift, then by their largest; unknown ones last, and gaps stay gaps', () => {
    const observations = [seen(1, { b: 0.9, a: 0.1, c: 0.2, d: 0.3 }), seen(7, { a: 0.3, b: 0.2, c: null })];
    const { features } = featureShifts(observations, usual);
    expect(features.map((f) => [f.feature, f.limit, ...f.values])).toEqual([
      ['a', 0.7, 0.1, 0.3],
      ['b', 0.7, 0.9, 0.2],
      ['d', 0.1, 0.3, null],
      ['c', 0.7, 0.2, null],
    ]);
    expect(features.map((f) => f.statuses.join(' '))).toEqual(['ok ok', 'drift ok', 'ok unknown', 'ok unknown']);
    expect(
      featureShifts(observations, { ...usual, measure: 'ks' })
        .features.map((f) => f.feature)
        .join(''),
    ).toBe('bacd');
  });

  test('the order is that of exact values, whatever they are rounded to, and all are counted', () => {
    const observations = [seen(1, { a: 0.121, b: 0.124, c: 0.118 })];
    const { total, features } = featureShifts(observations, { measure: 'psi', most: 2, decimals: 2 });
    expect({ total, features: features.map((f) => [f.feature, ...f.values]) }).toEqual({
      total: 3,
      features: [
        ['b', 0.12],
        ['a', 0.12],
      ],
    });
  });

  test('a long time of many features is cut at its features, not at its intervals', () => {
    const names = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, i / 1000]));
    const { ends, total, features } = featureShifts([seen(0, names), seen(6 * 1399, names)], { ...usual, most: 5_000 });
    expect([ends.length, total, features.length, features[0]!.feature]).toEqual([1_400, 300, 200, 'f299']);
  });

  test('of nothing there is nothing', () => {
    expect(featureShifts([], usual)).toEqual({ intervalMs: null, ends: [], total: 0, features: [] });
  });
});

describe('asked for over HTTP', () => {
  const api = async () => {
    const all = await monitorApi();
    all.tables.observations.set('shop', new Map([[WHOLE.atMs, JSON.stringify(WHOLE)]]));
    const ask = async (query: string, path = '') =>
      all.ask('GET', `/api/observations/shop${path}?from=0&to=7200000${query}`);
    return ask;
  };

  test('an observation is whole unless parts of it are named', async () => {
    const ask = await api();
    expect((await ask('')).body).toEqual({ observations: [WHOLE] });
    expect((await ask('&fields=windows,spans.day.drift')).body).toEqual({
      observations: [{ atMs: WHOLE.atMs, windows: WHOLE.windows, spans: { day: { drift: WHOLE.spans.day.drift } } }],
    });
    expect((await ask('&fields=features&feature=no%20such')).body.observations).toEqual([
      { atMs: WHOLE.atMs, features: [] },
    ]);
  });

  test('features come as columns, twenty of them unless more are asked for', async () => {
    const ask = await api();
    const { body } = await ask('&measure=ks&limit=1&decimals=2', '/features');
    const most = [...WHOLE.features].sort((a, b) => b.ks! - a.ks!)[0]!;
    expect(body).toEqual({
      intervalMs: WHOLE.intervalMs,
      ends: [WHOLE.atMs],
      total: WHOLE.features.length,
      features: [
        {
          feature: most.feature,
          limit: most.ksLimit,
          values: [Number(most.ks!.toFixed(2))],
          statuses: [most.status],
        },
      ],
    });
    expect((await ask('', '/features')).body.features).toHaveLength(Math.min(20, WHOLE.features.length));
  });

  test.each([
    ['', '&fields=spans.day,speed'],
    ['', '&fields='],
    ['', `&fields=${Array(51).fill('windows').join(',')}`],
    ['', `&fields=${'x'.repeat(2_001)}`],
    ['', '&fields=windows&fields=cause'],
    ['', `&feature=${'x'.repeat(257)}`],
    ['/features', '&measure=speed'],
    ['/features', '&limit=5001'],
    ['/features', '&decimals=11'],
    ['/features', '&decimals=0.5'],
    ['/features', '&fields=windows'],
  ])('%s refuses %s, in few words', async (path, query) => {
    const ask = await api();
    const { status, body } = await ask(query, path);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'request_invalid' });
    expect(JSON.stringify(body).length).toBeLessThan(400);
  });

  test('both forms are in the OpenAPI document, each parameter with what it does', () => {
    interface Described {
      parameters: { name: string; description?: string }[];
    }
    const { paths } = openApi(observationOperations({} as MonitorParts), '0.0.0') as {
      paths: Record<string, { get: Described }>;
    };
    const documented = Object.values(paths).map(({ get }) => get.parameters.map(({ name }) => name).join(' '));
    expect(documented).toEqual(['stream from to fields feature', 'stream from to measure decimals limit']);
    for (const { get } of Object.values(paths))
      for (const { name, description } of get.parameters) expect(description, name).toMatch(/\.$/);
  });

  test('one time asked for in both forms at once is read once, and again the next time', async () => {
    const asked: unknown[] = [];
    const store = {
      observations: async (...of: unknown[]) => {
        asked.push(of);
        return [WHOLE];
      },
    } as unknown as MonitorParts['store'];
    const [whole, shifts] = observationOperations({ store });
    const query = { from: 1, to: 2, measure: 'psi', decimals: 2, limit: 20 };
    const ask = (to: number) =>
      [whole!, shifts!].map((one) =>
        one.handle({ params: { stream: 'shop' }, query: { ...query, to } } as unknown as Parameters<
          Operation['handle']
        >[0]),
      );
    await Promise.all([...ask(2), ...ask(3)]);
    await Promise.all(ask(2));
    expect(asked).toEqual([
      ['shop', 1, 2],
      ['shop', 1, 3],
      ['shop', 1, 2],
    ]);
  });

  test('more than 14 days are refused in both forms', async () => {
    const { ask } = await monitorApi();
    for (const path of ['', '/features'])
      expect((await ask('GET', `/api/observations/shop${path}?from=0&to=${14 * 86_400_000 + 1}`)).status).toBe(400);
  });
});
