import { createRequire } from 'node:module';
import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { type ErrorCode, TidewatchError } from '../../../core/errors.ts';
import { asResult, kafkaFault } from '../../../ingest/kafka/faults.ts';
import type { KafkaSettings } from '../../../ingest/kafka/ports.ts';
import { openKafka } from '../../../ingest/kafka.ts';
import { kafkaBroker, useKafka } from '../../kafka.ts';
import { needs } from '../../needs.ts';

const require = createRequire(import.meta.url);
/** kafkajs' own: what it throws for an error code of a broker's answer. */
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error };
type Thrown =
  | 'KafkaJSConnectionError'
  | 'KafkaJSNonRetriableError'
  | 'KafkaJSNumberOfRetriesExceeded'
  | 'KafkaJSRequestTimeoutError'
  | 'KafkaJSSASLAuthenticationError';
/** Their types know less of what they take than they do. */
const errors = kafkajs as unknown as Record<Thrown, new (error: Error | string, about?: object) => Error>;

/** As kafkajs' retrier ends. */
const retried = (cause: Error) =>
  new errors.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 100, cause });
const wrapped = (cause: Error) => new errors.KafkaJSNonRetriableError(cause, { cause });

test.each<[what: string, thrown: unknown, code: ErrorCode]>([
  ['an unknown topic', createErrorFromCode(3), 'topic_missing'],
  ['a record above the limit', createErrorFromCode(10), 'record_too_large'],
  ['a leader that is being chosen', createErrorFromCode(5), 'broker_unavailable'],
  ['an impossible name of a topic', createErrorFromCode(17), 'topic_missing'],
  ['a batch above the limit', createErrorFromCode(18), 'record_too_large'],
  ['a topic that is not for us', createErrorFromCode(29), 'broker_refused'],
  ['a group that is not for us', createErrorFromCode(30), 'broker_refused'],
  ['a cluster that is not for us', createErrorFromCode(31), 'broker_refused'],
  ['an unknown mechanism', createErrorFromCode(33), 'broker_refused'],
  [
    'a wrong password',
    new errors.KafkaJSSASLAuthenticationError('SASL SCRAM SHA256 authentication failed'),
    'broker_refused',
  ],
  [
    'a refused connection',
    new errors.KafkaJSConnectionError('connect ECONNREFUSED 127.0.0.1:9092'),
    'broker_unavailable',
  ],
  [
    'a foreign certificate',
    new errors.KafkaJSConnectionError('Connection error: self-signed certificate'),
    'broker_refused',
  ],
  ['silence', new errors.KafkaJSRequestTimeoutError('Request Metadata timed out', {}), 'broker_unavailable'],
])('%s, as it is thrown, after retries and in a wrap', (_, thrown, code) => {
  const error = thrown as Error;
  expect(kafkaFault(error).code).toBe(code);
  expect(kafkaFault(retried(error)).code).toBe(code);
  expect(kafkaFault(wrapped(error)).code).toBe(code);
});

test('its text says each thing once and has an end', () => {
  const error = createErrorFromCode(3);
  const { detail } = kafkaFault(retried(error));
  expect(detail).toContain('UNKNOWN_TOPIC_OR_PARTITION');
  expect(detail.match(/does not host/g)).toHaveLength(1);
  expect(kafkaFault(new Error('x'.repeat(5_000))).detail).toHaveLength(500);
});

test('an error of ours that kafkajs has wrapped stays what it was, and what is no error at all is a fault too', () => {
  const own = new TidewatchError('batch_unreadable', 'the codec');
  expect(kafkaFault(retried(own))).toEqual({ code: 'batch_unreadable', detail: 'the codec' });
  for (const thrown of [undefined, null, 'text', 7]) expect(kafkaFault(thrown).code).toBe('broker_unavailable');
});

test('a bug is no fault', async () => {
  const bug = () => Promise.reject(new TypeError('undefined is not a function'));
  await expect(asResult(bug)).rejects.toBeInstanceOf(TypeError);
  expect(await asResult(() => Promise.reject(createErrorFromCode(3)))).toMatchObject({
    ok: false,
    fault: { code: 'topic_missing' },
  });
});

needs('kafka')('of a real broker', () => {
  useKafka();

  test('a password is neither in what is said nor in what is logged', async () => {
    const password = 'hunter2-hunter2';
    const lines: string[] = [];
    const log = (detail: object, message: string) => void lines.push(JSON.stringify(detail), message);
    const { brokers } = await kafkaBroker();
    const settings: KafkaSettings = {
      brokers,
      clientId: 'test',
      tls: null,
      sasl: { mechanism: 'plain', username: 'someone', password },
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      maxWaitMs: 20,
    };
    const cluster = openKafka(settings, { debug: log, info: log, warn: log, error: log }, systemClock);
    const admin = await cluster.admin();
    const answer = await admin.cluster();
    await admin.close();
    expect(answer.ok).toBe(false);
    const said = JSON.stringify([answer, lines]);
    expect(said).not.toContain(password);
    expect(said).not.toContain(Buffer.from(password).toString('base64'));
  });
});
