import { z } from 'zod';
import { duration } from './duration.ts';
import { byteSize } from './size.ts';

const MIB = 1024 ** 2;
const MINUTE_MS = 60_000;
const path = z.string().min(1).max(4096);
/** Kafka's own rule for names of topics. */
const topicName = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, 'a topic of letters, digits, dots, _ and -');
const ADDRESS = /^[^\s,:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/;

/** How Kafka is reached. Flat, so that every key has one short path; durations come out in milliseconds. */
export const kafkaConfig = z
  .strictObject({
    brokers: z
      .string()
      .max(4096)
      .refine(
        (text) => text.split(',').every((address) => ADDRESS.test(address.trim())),
        'addresses with ports, with commas between them, such as kafka-1:9092,kafka-2:9092',
      )
      .default('127.0.0.1:9092')
      .describe('Addresses of one or more brokers, `host:port` with commas between them.'),
    clientId: z.string().min(1).max(255).default('tidewatch').describe('Name by which brokers log us.'),
    groupId: z
      .string()
      .min(1)
      .max(255)
      .default('tidewatch')
      .describe('Consumer group of the workers; they share the partitions among them.'),
    tls: z.boolean().default(false).describe('Whether connections to Kafka are encrypted and its certificate checked.'),
    caFile: path.optional().describe("Certificate authority of the brokers, PEM. Default: those of Node's."),
    certFile: path.optional().describe('Our certificate, PEM, where brokers ask for one.'),
    keyFile: path.optional().describe('Private key of certFile, PEM.'),
    username: z.string().min(1).max(255).optional().describe('User for SASL; none without it.'),
    password: z.string().min(1).max(1024).optional().meta({
      description: 'Password for SASL. Better kept in a file.',
      secret: true,
    }),
    passwordFile: path.optional().describe('File whose text is the password.'),
    mechanism: z
      .enum(['scram-sha-512', 'scram-sha-256', 'plain'])
      .default('scram-sha-512')
      .describe('SASL mechanism; plain sends the password itself, so it needs tls.'),
    sessionTimeout: duration(6_000, 5 * MINUTE_MS)
      .default(15_000)
      .describe('Silence after which the group gives the partitions of a worker to others.'),
    rebalanceTimeout: duration(6_000, 10 * MINUTE_MS)
      .default(30_000)
      .describe('How long the group waits for a worker to finish its batch and come to a rebalance.'),
    maxWait: duration(1, 5_000)
      .default(50)
      .describe('How long a broker may hold an empty answer back: longer is less idle work and more latency.'),
    queueBytes: byteSize(MIB, 1024 * MIB)
      .default(16 * MIB)
      .describe('Records that were fetched and wait to be folded, over all partitions of a worker.'),
    deadLetterTopic: topicName
      .nullable()
      .default('tidewatch-dead-letters')
      .describe('Topic that dead letters are sent to beside the table; null: to the table alone.'),
  })
  .transform(({ sessionTimeout, rebalanceTimeout, maxWait, ...rest }) => ({
    ...rest,
    brokers: rest.brokers.split(',').map((address) => address.trim()),
    sessionTimeoutMs: sessionTimeout,
    rebalanceTimeoutMs: rebalanceTimeout,
    maxWaitMs: maxWait,
  }));

export type KafkaConfig = z.output<typeof kafkaConfig>;
