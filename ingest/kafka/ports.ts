import type { Result } from '../../core/errors.ts';
import type { LogRecord, NewRecord } from '../ports.ts';

/** How to reach a cluster, with the secrets themselves: what the configuration's files said. */
export interface KafkaSettings {
  brokers: readonly string[];
  clientId: string;
  tls: { ca?: string; cert?: string; key?: string } | null;
  sasl: { mechanism: 'scram-sha-512' | 'scram-sha-256' | 'plain'; username: string; password: string } | null;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  maxWaitMs: number;
}

export interface KafkaLogger {
  debug(detail: object, message: string): void;
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

const ignore = (): void => undefined;
/** For those whom faults reach as values. */
export const SILENT: KafkaLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A record for a topic; without a partition its key decides, as Kafka's own clients do it (murmur2), or chance. */
export interface OutgoingRecord extends NewRecord {
  partition?: number;
}

/** Where records of one send ended up in one partition. */
export interface Placed {
  partition: number;
  /** Offset of the first of them; they follow each other. */
  firstOffset: number;
}

/**
 * Sends with acknowledgement by all in-sync replicas, one request at a time. A failed send may have been written:
 * senders repeat it, and readers know points by their identity.
 */
export interface KafkaProducer {
  /** Faults: broker_unavailable, broker_refused, topic_missing, record_too_large. */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<Result<readonly Placed[]>>;
  close(): Promise<void>;
}

export interface TopicPartition {
  partition: number;
  leader: number;
  replicas: number;
  inSync: number;
}

export interface TopicDescription {
  name: string;
  partitions: readonly TopicPartition[];
  /** Its settings as the broker has them, such as `message.timestamp.type`. */
  config: Readonly<Record<string, string>>;
}

export interface OffsetRange {
  partition: number;
  start: number;
  end: number;
}

export interface GroupDescription {
  state: string;
  members: readonly { id: string; clientId: string; host: string; partitions: Readonly<Record<string, number[]>> }[];
}

/** Faults of every call: broker_unavailable, broker_refused, topic_missing. */
export interface KafkaAdmin {
  cluster(): Promise<Result<{ id: string; brokers: readonly { id: number; host: string; port: number }[] }>>;
  /** null for a topic that does not exist. */
  topic(name: string): Promise<Result<TopicDescription | null>>;
  createTopic(name: string, partitions: number, config?: Record<string, string>): Promise<Result<'made' | 'exists'>>;
  deleteTopic(name: string): Promise<Result<void>>;
  offsets(topic: string): Promise<Result<readonly OffsetRange[]>>;
  /** Offset of the first record appended at a time or later, by partition; the end where there is none. */
  offsetsAt(topic: string, timeMs: number): Promise<Result<ReadonlyMap<number, number>>>;
  group(groupId: string): Promise<Result<GroupDescription>>;
  /** Offsets that a group has committed, by partition; partitions without one are left out. */
  committed(groupId: string, topic: string): Promise<Result<ReadonlyMap<number, number>>>;
  /** Settings of a broker, such as `message.max.bytes`; a cluster may refuse it to us. */
  brokerConfig(): Promise<Result<Readonly<Record<string, string>>>>;
  close(): Promise<void>;
}

/** A record with the partition that it lies in. */
export interface PlacedRecord {
  partition: number;
  record: LogRecord;
}

export interface ReadOptions {
  /** Partitions to read; all of the topic without it. */
  partitions?: readonly number[];
  /** Offsets at which to begin, by partition; the start of the log without one. */
  from?: ReadonlyMap<number, number>;
  /** Offsets at which to end, by partition; where the log ended when reading began without one. */
  to?: ReadonlyMap<number, number>;
  signal?: AbortSignal;
}

/** Everything else that is done with a cluster; made by `openKafka` of ingest/kafka.ts. */
export interface KafkaClient {
  producer(): Promise<KafkaProducer>;
  admin(): Promise<KafkaAdmin>;
  /**
   * What a topic holds by now, in order within each partition. Reads without committing anything. Throws
   * TidewatchError broker_unavailable, broker_refused or topic_missing.
   */
  read(topic: string, options?: ReadOptions): AsyncGenerator<PlacedRecord[]>;
}
