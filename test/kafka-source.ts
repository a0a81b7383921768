import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { KAFKA_VERSION } from '../cli/services/kafka-jars.ts';

/** Where the broker of the tests comes from. */
export type KafkaSource = 'given' | 'docker' | 'jars';

/** Which Kafka the tests start; the long run sets it to the other one that is promised to work. */
export const TESTED_VERSION = process.env.TIDEWATCH_KAFKA_VERSION || KAFKA_VERSION;
const ASK_TIMEOUT_MS = 15_000;

const answers = (file: string, ...args: string[]): boolean =>
  spawnSync(file, args, { stdio: 'ignore', timeout: ASK_TIMEOUT_MS }).status === 0;

/** Without running it: Maven takes its time to say its version. */
const onPath = (program: string): boolean =>
  (process.env.PATH ?? '').split(path.delimiter).some((dir) => existsSync(path.join(dir, program)));

/** Whether a native broker can be had. What a program misses in detail is said when it is started. */
export function hasKafkaJars(): boolean {
  const java = process.env.JAVA_HOME ? path.join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  return onPath('mvn') && answers(java, '-version');
}

/** null where a broker can be had by none of the ways. */
export function kafkaSource(): KafkaSource | null {
  if (process.env.KAFKA_BROKERS) return 'given';
  if (onPath('docker') && answers('docker', 'info')) return 'docker';
  return hasKafkaJars() ? 'jars' : null;
}
