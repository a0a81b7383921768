import { expect, it } from 'vitest';
import { deadLetterHeaders, readDeadLetterHeaders } from '../../../ingest/kafka/dead-letter-headers.ts';
import type { DeadLetter, RecordHeaders } from '../../../ingest/ports.ts';

const utf8 = (text: string): Uint8Array => Buffer.from(text);
const LETTER: DeadLetter = {
  stream: 'telemetry',
  partition: 3,
  offset: 41,
  point: 2,
  at: { entity: 'web-1', metric: 'cpu', timeMs: 1_700_000_000_000 },
  fault: { code: 'window_full', detail: 'web-1 cpu' },
  appendMs: 1_700_000_000_500,
  key: utf8('web-1'),
  value: utf8('{}'),
  headers: [
    ['trace', Uint8Array.of(0xff, 0)],
    ['none', null],
  ],
};
const textsOf = (headers: RecordHeaders) =>
  Object.fromEntries(headers.map(([name, value]) => [name, value && Buffer.from(value).toString()]));

it("names everything as Kafka Connect does, behind the record's own headers", () => {
  const headers = deadLetterHeaders(LETTER, 'readings');
  expect(headers.slice(0, 2)).toEqual(LETTER.headers);
  expect(textsOf(headers.slice(2))).toMatchObject({
    '__connect.errors.topic': 'readings',
    '__connect.errors.partition': '3',
    '__connect.errors.offset': '41',
    '__connect.errors.connector.name': 'telemetry',
    '__connect.errors.task.id': '3',
    '__connect.errors.stage': 'TASK_PUT',
    '__connect.errors.class.name': 'tidewatch.windows',
    '__connect.errors.exception.class.name': 'tidewatch.window_full',
    '__connect.errors.exception.message': 'web-1 cpu',
    'tidewatch.point': '2',
    'tidewatch.points': '[["web-1","cpu",1700000000000]]',
    'tidewatch.appended': '1700000000500',
  });
  expect(textsOf(headers)['__connect.errors.exception.stacktrace']).toContain('Raise limits.pointsPerWindow');
});

it('reads back what it wrote, and bounds what it repeats of the data', () => {
  const long = { ...LETTER, fault: { code: 'record_not_json', detail: '\ud83d\ude00'.repeat(9_000) } as const };
  const origin = readDeadLetterHeaders(deadLetterHeaders(long, 'readings'))!;
  expect(origin).toMatchObject({ by: 'connect', topic: 'readings', partition: 3, offset: 41, code: 'record_not_json' });
  expect(origin.original).toEqual(LETTER.headers);
  expect(origin.message!.length).toBeLessThanOrEqual(2_000);
  expect(origin.stack!.length).toBeLessThanOrEqual(2_000);
});

it("reads the letters of Kafka Streams and Spring's binary ones", () => {
  const streams: RecordHeaders = [
    ['own', utf8('x')],
    ['__streams.errors.exception', utf8('java.lang.RuntimeException')],
    ['__streams.errors.message', utf8('no')],
    ['__streams.errors.topic', utf8('in')],
    ['__streams.errors.partition', utf8('1')],
    ['__streams.errors.offset', utf8('9')],
  ];
  expect(readDeadLetterHeaders(streams)).toEqual({
    by: 'streams',
    topic: 'in',
    partition: 1,
    offset: 9,
    exception: 'java.lang.RuntimeException',
    message: 'no',
    stack: null,
    code: null,
    original: [['own', utf8('x')]],
  });
  const spring: RecordHeaders = [
    ['kafka_dlt-original-topic', utf8('in')],
    ['kafka_dlt-original-partition', Uint8Array.of(0, 0, 1, 2)],
    ['kafka_dlt-original-offset', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 7)],
    ['kafka_dlt-exception-message', utf8('no')],
  ];
  expect(readDeadLetterHeaders(spring)).toMatchObject({
    by: 'spring',
    topic: 'in',
    partition: 258,
    offset: 2 ** 32 + 7,
    message: 'no',
    exception: null,
  });
});

it('says nothing of what is damaged or missing, and takes no other record for a dead letter', () => {
  expect(readDeadLetterHeaders([['trace', utf8('1')]])).toBeNull();
  const damaged: RecordHeaders = [
    ['__connect.errors.topic', null],
    ['__connect.errors.offset', utf8('many')],
    ['__connect.errors.exception.class.name', utf8('tidewatch.__proto__')],
  ];
  expect(readDeadLetterHeaders(damaged)).toMatchObject({ topic: null, partition: null, offset: null, code: null });
  expect(
    readDeadLetterHeaders([
      ['kafka_dlt-original-topic', utf8('in')],
      ['kafka_dlt-original-offset', Uint8Array.of(1)],
      ['kafka_dlt-original-partition', Uint8Array.of(255, 255, 255, 255)],
    ]),
  ).toMatchObject({ offset: null, partition: null });
});
