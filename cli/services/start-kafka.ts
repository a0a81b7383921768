import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { orThrow } from '../../core/errors.ts';
import { ensureDeadLetterTopic } from '../../ingest/kafka/dead-letter-topic.ts';
import { answersAsBroker, plainCluster } from './cluster.ts';
import { type KafkaNode, startKafka } from './kafka.ts';
import type { KafkaProgram } from './kafka-jars.ts';
import { PLAIN_LISTENER, portIn } from './kafka-properties.ts';
import { nodeOn, propertiesFile } from './kafka-running.ts';
import type { ServicesOptions } from './options.ts';
import { isFree } from './ports.ts';

const USUAL_PORT = 9092;
const DAY_MS = 86_400_000;
/** A week to find out what was wrong with telemetry. */
const TELEMETRY_KEPT_MS = 7 * DAY_MS;

/** The broker of `tidewatch services`, on the port that it had before, else the usual one, else a free one. */
export async function launchKafka(program: KafkaProgram, options: ServicesOptions): Promise<KafkaNode> {
  const { clock, say } = options;
  const dir = path.join(options.dir, 'kafka');
  if ((await nodeOn(dir)) !== null)
    say('Kafka', 'was left running by an earlier process; it is stopped and started anew …');
  else say('Kafka', existsSync(propertiesFile(dir)) ? 'starts …' : `makes its first data in ${dir} and starts …`);
  const startedMs = clock.elapsed();
  const port = options.kafkaPort ?? (await usualPort(dir));
  const node = await startKafka({
    program,
    dir,
    listeners: [port === null ? PLAIN_LISTENER : { ...PLAIN_LISTENER, port }],
    ready: (address) => answersAsBroker(address, clock),
    clock,
  });
  const seconds = ((clock.elapsed() - startedMs) / 1000).toFixed(1);
  say('Kafka', `${program.version} ready after ${seconds} s on ${node.address}`);
  return node;
}

/** Clients know the port of an earlier start, so that one is taken whatever stands in the way. */
async function usualPort(dir: string): Promise<number | null> {
  const file = propertiesFile(dir);
  const before = existsSync(file) ? portIn(readFileSync(file, 'utf8')) : null;
  return before ?? ((await isFree(USUAL_PORT)) ? USUAL_PORT : null);
}

/** Makes the topics that are not there yet; says what each is like. Throws TidewatchError broker_unavailable. */
export async function makeTopics(
  node: KafkaNode,
  topics: readonly string[],
  deadLetterTopic: string | null,
  options: ServicesOptions,
): Promise<void> {
  const admin = await plainCluster(node.address, options.clock).admin();
  const settings = {
    'cleanup.policy': 'delete',
    'message.timestamp.type': 'LogAppendTime',
    'retention.ms': String(TELEMETRY_KEPT_MS),
  };
  const told = async (name: string, made: 'made' | 'exists') => {
    const count = orThrow(await admin.topic(name))?.partitions.length ?? 0;
    return `${name} (${count} partition${count === 1 ? '' : 's'}${made === 'made' ? ', new' : ''})`;
  };
  try {
    const said: string[] = [];
    for (const name of topics)
      said.push(await told(name, orThrow(await admin.createTopic(name, options.partitions, settings))));
    if (deadLetterTopic !== null)
      said.push(await told(deadLetterTopic, orThrow(await ensureDeadLetterTopic(admin, deadLetterTopic))));
    options.say('topics', said.join(', '));
  } finally {
    await admin.close();
  }
}
