import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, configHash } from '../../../core/config/hash.ts';
import { streamConfig } from '../../../core/config/stream.ts';

const stream = (config: object = {}) => streamConfig.parse({ name: 'web', ...config });

test('where points come from does not change the hash', () => {
  const hash = configHash(stream());
  expect(hash).toMatch(/^[0-9a-f]{12}$/);
  expect(configHash(stream({ name: 'other', topic: 'x', encoding: 'influx', entityTags: ['pod'] }))).toBe(hash);
});

test.each([
  { window: { size: '20s' } },
  { features: [{ aggregation: 'max' }] },
  { missing: { mode: 'zero' } },
  { limits: { entities: 5 } },
  { detector: { seed: 2 } },
  { incidents: { openAfter: 3 } },
  { training: { windows: 64 } },
  { schemaVersion: 2 },
])('what decides detection changes it: %j', (config) => {
  expect(configHash(stream(config))).not.toBe(configHash(stream()));
});

test('a default written out has the hash of the default', () => {
  expect(configHash(stream({ window: { size: '10s', hop: '10s' } }))).toBe(configHash(stream()));
});

test('canonical JSON does not depend on the order of keys and is JSON', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(turned)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
