import { createRequire } from 'node:module';
import type Kafkajs from 'kafkajs';
import type { Consumer, KafkaConfig, LogEntry, RetryOptions, SASLOptions } from 'kafkajs';
import type { Clock } from '../core/clock.ts';
import { type Fault, TidewatchError } from '../core/errors.ts';
import { adminOf } from './kafka/admin.ts';
import { speedUpKafkajs } from './kafka/faster-kafkajs.ts';
import { asResult, kafkaFault } from './kafka/faults.ts';
import { GroupMember, type MemberOptions } from './kafka/member.ts';
import type { KafkaAdmin, KafkaClient, KafkaLogger, KafkaSettings } from './kafka/ports.ts';
import { explainer } from './kafka/probe.ts';
import { producerOf } from './kafka/producer.ts';
import { readTopic } from './kafka/reader.ts';
import { tolerant } from './kafka/unreadable.ts';

export type { Admin, Consumer, EachBatchPayload, IHeaders, KafkaMessage, Producer } from 'kafkajs';

const require = createRequire(import.meta.url);
/** False for a version of kafkajs that we do not know: records are then read at its own pace. Set before it is loaded. */
export const kafkajsIsSpedUp = speedUpKafkajs(require);
const kafkajs = require('kafkajs') as typeof Kafkajs;
const { AssignerProtocol, CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = kafkajs;

CompressionCodecs[CompressionTypes.GZIP] = () => tolerant('gzip');
CompressionCodecs[CompressionTypes.Snappy] = () => tolerant('snappy');
CompressionCodecs[CompressionTypes.LZ4] = () => tolerant('lz4');
CompressionCodecs[CompressionTypes.ZSTD] = () => tolerant('zstd');

const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any answer of a broker that is well, shorter than the session of a member that waits for one. */
const REQUEST_TIMEOUT_MS = 12_000;
/** Every setting is named: kafkajs has other defaults under NODE_ENV=test. */
const RETRY: Required<Omit<RetryOptions, 'restartOnFailure'>> = {
  initialRetryTime: 100,
  maxRetryTime: 2_000,
  factor: 0.2,
  multiplier: 2,
  retries: 4,
};
/** A member waits for its brokers for ever: giving up would only make it join anew. */
const PATIENT: RetryOptions = { ...RETRY, retries: Number.MAX_SAFE_INTEGER };
const MIB = 1 << 20;
const FETCH_BYTES = 8 * MIB;

const ignore = (): void => undefined;

/** The client and, for workers, membership of a consumer group. */
export interface Cluster extends KafkaClient {
  /** A member of a consumer group for the topics, not yet started; see GroupMember for what it calls. */
  member(options: Omit<MemberOptions, 'consumer' | 'admin' | 'log' | 'clock'>): GroupMember;
}

/**
 * A Kafka cluster by way of kafkajs, whose only user this file is: everything about the library's ways is here and in
 * the folder beside. Nothing connects before it is used. docs/decisions/0015-kafkajs.md has the reasons for the settings.
 */
export function openKafka(settings: KafkaSettings, log: KafkaLogger, clock: Clock): Cluster {
  const kafka = (retry: RetryOptions) => new Kafka({ ...connection(settings, log), retry });
  const consumer = (groupId: string, patient: boolean): Consumer =>
    kafka(patient ? PATIENT : RETRY).consumer({
      groupId,
      sessionTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: Math.floor(settings.sessionTimeoutMs / 5),
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      maxWaitTimeInMs: settings.maxWaitMs,
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: MIB,
      allowAutoTopicCreation: false,
      retry: patient ? PATIENT : RETRY,
    });
  const explain = explainer(settings, (groupId) => groupRefusal(settings, groupId));
  const admin = (): KafkaAdmin => adminOf(kafka(RETRY).admin({ retry: RETRY }), assignment, explain);
  return {
    admin: async () => admin(),
    producer: async () =>
      producerOf(
        kafka(RETRY).producer({
          allowAutoTopicCreation: false,
          createPartitioner: Partitioners.DefaultPartitioner,
          maxInFlightRequests: 1,
          retry: RETRY,
        }),
      ),
    read: (topic, options) => readTopic(consumer(readerGroup(settings), false), admin(), topic, options),
    member: (options) => {
      const { groupId, onFailed } = options;
      const told = (cause: TidewatchError) =>
        void explain(cause, groupId).then(
          ({ code, detail }) => onFailed(code === cause.code ? cause : new TidewatchError(code, detail, { cause })),
          () => onFailed(cause), // looking closer has failed itself
        );
      const made = { consumer: consumer(groupId, true), admin: admin(), clock, log };
      return new GroupMember({ ...options, onFailed: told, ...made });
    },
  };
}

function connection(settings: KafkaSettings, log: KafkaLogger): KafkaConfig {
  const { brokers, clientId, tls, sasl } = settings;
  return {
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    ...(tls && { ssl: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...tls } }),
    ...(sasl && { sasl: sasl as SASLOptions }),
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => say(log, entry.level, entry.namespace, entry.log),
  };
}

/** What kafkajs logs, by a short list of fields: others may hold payloads or what was sent to authenticate. */
function say(log: KafkaLogger, level: number, part: string, entry: Record<string, unknown>): void {
  const { message, broker, groupId, topic, partition, error, retryCount } = entry;
  const detail = {
    part,
    broker,
    groupId,
    topic,
    partition,
    retryCount,
    error: error === undefined ? error : String(error),
  };
  if (level === logLevel.ERROR) log.error(detail, String(message));
  else if (level === logLevel.WARN) log.warn(detail, String(message));
  // kafkajs tells of every pause and resume of a partition
  else log.debug(detail, String(message));
}

/** Why no broker names a coordinator of the group: kafkajs keeps that to its log. null where it is no refusal. */
async function groupRefusal(settings: KafkaSettings, groupId: string): Promise<Fault | null> {
  let found: Fault | null = null;
  const listen = (message: string, error: unknown) => {
    if (message === 'Tried to find group coordinator') found = kafkaFault(error);
  };
  const config = {
    ...connection(settings, { debug: ignore, info: ignore, warn: ignore, error: ignore }),
    retry: RETRY,
  };
  const logCreator = () => (entry: LogEntry) => listen(entry.log.message, entry.log.error);
  const admin = new Kafka({ ...config, logLevel: logLevel.DEBUG, logCreator }).admin({ retry: RETRY });
  const asked = await asResult(async () => {
    await admin.connect();
    await admin.describeGroups([groupId]);
  });
  await admin.disconnect();
  return asked.ok ? null : found;
}

const assignment = (bytes: Buffer) => AssignerProtocol.MemberAssignment.decode(bytes)?.assignment ?? {};

/** Readers commit nothing; a group of their own keeps them out of everyone's way. */
const readerGroup = ({ clientId }: KafkaSettings): string => `${clientId}-reader-${crypto.randomUUID()}`;
