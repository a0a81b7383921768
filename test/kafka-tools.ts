import { type Ran, run, runJar } from '../cli/services/java.ts';
import { findKafka } from '../cli/services/kafka-jars.ts';
import { systemClock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { TESTED_VERSION } from './kafka-source.ts';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Kafka's own programs: an independent client of the same broker. */
export interface KafkaTools {
  /** Runs a class of the jars to its end, such as org.apache.kafka.tools.TopicCommand; a bootstrap server is up to you. */
  run(mainClass: string, args: readonly string[], stdin?: string | Uint8Array): Promise<Ran>;
  /** Sends lines by the console producer, as few batches as they fit into. Throws with what it said when it fails. */
  produce(topic: string, lines: readonly string[], options?: ProduceOptions): Promise<void>;
}

export interface ProduceOptions {
  compression?: Compression;
  /** What separates key and value in a line; without it lines are values alone. */
  keySeparator?: string;
}

/** Up to the size of a batch one line after another waits for this long, so that they go together. */
const LINGER_MS = 200;
const BATCH_BYTES = 512 * 1024;

/** null without Java or Maven, which KAFKA_BROKERS does not need. */
export async function jarTools(brokers: readonly string[]): Promise<KafkaTools | null> {
  try {
    const { java, jars } = await findKafka({ version: TESTED_VERSION, clock: systemClock });
    return tools(brokers, (mainClass, args, stdin) => runJar(java, jars, mainClass, args, stdin ? { stdin } : {}));
  } catch (error) {
    if (error instanceof TidewatchError && error.code === 'program_missing') return null;
    throw error;
  }
}

/** Those within a container of the apache/kafka image. */
export const containerTools = (brokers: readonly string[], container: string): KafkaTools =>
  tools(brokers, (mainClass, args, stdin) =>
    run(
      'docker',
      ['exec', '-i', container, '/opt/kafka/bin/kafka-run-class.sh', mainClass, ...args],
      stdin ? { stdin } : {},
    ),
  );

/** Version 4 moved it. */
const CONSOLE_PRODUCER = TESTED_VERSION.startsWith('3.')
  ? 'kafka.tools.ConsoleProducer'
  : 'org.apache.kafka.tools.ConsoleProducer';

function tools(brokers: readonly string[], runClass: KafkaTools['run']): KafkaTools {
  return {
    run: runClass,
    async produce(topic, lines, { compression = 'none', keySeparator } = {}) {
      const producer = [`linger.ms=${LINGER_MS}`, `batch.size=${BATCH_BYTES}`, 'acks=all'];
      const reader = keySeparator === undefined ? [] : ['parse.key=true', `key.separator=${keySeparator}`];
      const args = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--compression-codec', compression];
      args.push(...producer.flatMap((property) => ['--producer-property', property]));
      args.push(...reader.flatMap((property) => ['--property', property]));
      const { code, stdout, stderr } = await runClass(CONSOLE_PRODUCER, args, `${lines.join('\n')}\n`);
      // It says what failed and ends with 0.
      if (code !== 0 || /Error when sending|Exception/.test(stderr)) throw new Error(`${code}: ${stdout}${stderr}`);
    },
  };
}
