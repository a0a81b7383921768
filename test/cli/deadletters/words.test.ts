import { expect, it } from 'vitest';
import { age, countTable, letterInWords, letterTable, oneLine } from '../../../cli/deadletters/words.ts';
import { stored } from './letters.ts';

const NOW = 1_700_000_000_000;
const LETTER = {
  ...stored({
    stream: 'hosts',
    partition: 3,
    offset: 41,
    point: 2,
    at: { entity: 'web-1', metric: 'cpu', timeMs: NOW },
    fault: { code: 'metric_limit', detail: 'web-1 cpu' },
    appendMs: NOW,
    key: Buffer.from('web-1'),
    value: Buffer.from('{"entity":"web-1"}'),
    headers: [
      ['trace', Buffer.from('x')],
      ['raw', Uint8Array.of(0xff, 0)],
      ['none', null],
    ],
  }),
};
const shown = (change: object) => letterInWords({ ...LETTER, ...change }).join('\n');

it('lists letters in columns, with their age and the beginning of what was wrong', () => {
  const long = { ...LETTER, id: 'hosts:3:41:10', detail: 'y'.repeat(500), redrivenMs: NOW };
  expect(letterTable([LETTER, long], NOW + 7_200_000)).toEqual([
    'ID             AGE  STREAM  AT    CODE          DETAIL',
    'hosts:3:41:2   2 h  hosts   3:41  metric_limit  web-1 cpu',
    `hosts:3:41:10  2 h  hosts   3:41  metric_limit  (sent again) ${'y'.repeat(80)}…`,
  ]);
});

it('counts them by stream and code', () => {
  const counts = [
    { stream: 'hosts', code: 'metric_limit', count: 12, redriven: 2 },
    { stream: 'a', code: 'record_empty', count: 3, redriven: 0 },
  ];
  expect(countTable(counts)).toEqual([
    '12  2 sent again  hosts  metric_limit',
    '3                 a      record_empty',
  ]);
});

it('shows what was wrong, what to do, where it came from and all that came with it', () => {
  expect(letterInWords(LETTER)).toEqual([
    'dead letter hosts:3:41:2',
    '  what       metric_limit: The entity already has the configured number of metrics.',
    '  detail     web-1 cpu',
    '  remedy     Raise limits.metricsPerEntity or filter metrics.',
    '  of         point 2 of the record: web-1, cpu, 2023-11-14T22:13:20.000Z',
    '  from       topic readings, partition 3, offset 41, stream hosts',
    '  appended   2023-11-14T22:13:20.000Z, refused 2023-11-14T22:13:20.000Z',
    '  sent again no',
    'key, 5 bytes',
    '  web-1',
    'headers, 3',
    '  trace: x',
    '  raw: ff00 (hex)',
    '  none: null',
    'value, 18 bytes',
    '  {"entity":"web-1"}',
  ]);
});

it('shows bytes that are no text as a hex dump, and cuts what is long', () => {
  expect(shown({ value: Uint8Array.of(0xff, 0x41, 0) })).toContain('  000000  ff 41 00');
  expect(shown({ value: new Uint8Array(600) })).toContain('… 88 more bytes');
  expect(shown({ value: Buffer.from('é'.repeat(5_000)) })).toContain('… 1000 more characters');
  expect(shown({ value: null, key: null, headers: [] })).toMatch(/key: none\nheaders: none\nvalue: null, a tombstone/);
});

it('sends a terminal nothing that would steer it', () => {
  const hostile = '\u001b[2J\u009b1m\rx';
  expect(oneLine(hostile, 80)).toBe('·[2J·1m·x');
  const all = shown({ detail: hostile, value: Buffer.from(hostile), key: Buffer.from('a\rb'), entity: hostile });
  for (const c of ['\u001b', '\u009b', '\r']) expect(all.includes(c)).toBe(false);
});

it('says when a letter was a dead letter of somebody else before', () => {
  const headers = [
    ['kafka_dlt-original-topic', Buffer.from('orders')],
    ['kafka_dlt-exception-message', Buffer.from('no')],
  ];
  expect(shown({ headers })).toContain('a dead letter before: of orders, no');
});

it.each([
  [0, '0 s'],
  [-5, '0 s'],
  [89_000, '89 s'],
  [300_000, '5 min'],
  [5_400_000, '2 h'],
  [172_800_000, '2 d'],
])('an age of %d ms is %s', (ms, text) => {
  expect(age(ms)).toBe(text);
});
