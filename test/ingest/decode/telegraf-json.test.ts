import { expect, test } from 'vitest';
import { telegrafJsonDecoder } from '../../../ingest/decode/telegraf-json.ts';
import { codes, decodeAll } from './collect.ts';

const entityTags = ['host'];
const decode = (json: unknown, timestampUnit: 'ns' | 'us' | 'ms' | 's' = 's') =>
  decodeAll(telegrafJsonDecoder({ entityTags, timestampUnit }), typeof json === 'string' ? json : JSON.stringify(json));
const cpu = {
  fields: { usage_user: 12.5, up: true, state: 'on' },
  name: 'cpu',
  tags: { host: 'web-1', cpu: 'cpu0', az: 'b' },
  timestamp: 1767571200,
};

test('one metric as the serializer writes it', () => {
  expect(decode(cpu)).toEqual({
    samples: [
      {
        entity: 'web-1',
        timeMs: 1767571200000,
        values: [
          ['cpu_usage_user{az=b,cpu=cpu0}', 12.5],
          ['cpu_up{az=b,cpu=cpu0}', 1],
        ],
      },
    ],
    events: [],
    faults: [],
  });
});

test('a batch, and a field named value', () => {
  const { samples, faults } = decode({
    metrics: [cpu, { ...cpu, name: 'm', tags: { host: 'b' }, fields: { value: 3 } }],
  });
  expect(faults).toEqual([]);
  expect(samples.map((s) => [s.entity, s.values.length])).toEqual([
    ['web-1', 2],
    ['b', 1],
  ]);
  expect(samples[1]!.values).toEqual([['m', 3]]);
});

test('the unit of timestamps is that of the configuration', () => {
  for (const [unit, timestamp] of [
    ['s', 1767571200],
    ['ms', 1767571200000],
    ['us', 1767571200000000],
    ['ns', 1767571200000000000],
  ] as const)
    expect(decode({ ...cpu, timestamp }, unit).samples[0]!.timeMs).toBe(1767571200000);
  expect(codes(decode({ ...cpu, timestamp: 1767571200000000000 }))).toEqual(['time_invalid']);
  expect(codes(decode({ ...cpu, timestamp: '1767571200' }))).toEqual(['time_invalid']);
});

test('each bad field is one fault and its neighbours count', () => {
  const { samples, faults } = decode(
    '{"name":"m","tags":{"host":"a"},"timestamp":1,"fields":{"good":1,"none":null,"list":[1],"far":1e999,"nan":NaN,"__proto__":2}}',
  );
  expect(samples[0]!.values).toEqual([['m_good', 1]]);
  expect(faults.map((f) => f.code)).toEqual([
    'value_not_number',
    'value_not_number',
    'value_not_finite',
    'value_not_finite',
    'key_forbidden',
  ]);
});

test('what is no metric has a code', () => {
  const code = (json: unknown) => codes(decode(json))[0];
  expect(code('')).toBe('record_empty');
  expect(code('{')).toBe('record_not_json');
  expect(code('[]')).toBe('record_shape');
  expect(code({ metrics: [] })).toBe('record_empty');
  expect(code({ metrics: 1 })).toBe('record_shape');
  expect(code({ metrics: [cpu, 7] })).toBe('record_shape');
  expect(code({ ...cpu, tags: { cpu: 'x' } })).toBe('entity_missing');
  expect(code({ ...cpu, tags: { host: 'a\n' } })).toBe('name_invalid');
  expect(code({ ...cpu, tags: { host: 'a', k: {} } })).toBe('record_shape');
  expect(code({ ...cpu, name: 'n'.repeat(300) })).toBe('name_invalid');
});
