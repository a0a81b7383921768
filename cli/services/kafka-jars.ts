import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { FETCH_TIMEOUT_MS, fetchOnce } from './fetch-once.ts';
import { type Environment, findJava, type Ran, run } from './java.ts';

export const KAFKA_VERSION = '4.1.1';
/** Names the folder that holds a folder of jars for each version of Kafka. */
export const CACHE_VARIABLE = 'TIDEWATCH_KAFKA_CACHE';

export interface JarOptions {
  /** A published version of org.apache.kafka:kafka_2.13. */
  version?: string;
  clock: Clock;
  env?: Environment;
  /** Told a line when something takes long. */
  say?: (line: string) => void;
  /** Gives the fetching up. */
  signal?: AbortSignal;
}

export interface KafkaProgram {
  /** The java to run it with. */
  java: string;
  /** Folder of its jars. */
  jars: string;
  version: string;
}

/**
 * Kafka's jars, from the cache or by Maven into it; of several processes one fetches and the others wait.
 * Throws TidewatchError program_missing (Java, Maven), fetch_failed, file_missing or config_invalid.
 */
export async function findKafka(options: JarOptions): Promise<KafkaProgram> {
  const { version = KAFKA_VERSION, clock, env = process.env, say = () => undefined, signal } = options;
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new TidewatchError(
      'config_invalid',
      `${version} is no version of Kafka; wanted is one such as ${KAFKA_VERSION}`,
    );
  const java = await findJava(env);
  const jars = path.join(cacheFolder(env), `kafka-${version}`);
  const what = `Kafka ${version}`;
  await fetchOnce(jars, { what, variable: CACHE_VARIABLE, clock, say, signal }, (fresh) =>
    fetchJars(fresh, version, env, say, signal),
  );
  return { java, jars, version };
}

const cacheFolder = (env: Environment): string =>
  path.resolve(env[CACHE_VARIABLE] || path.join(packageRoot(), CACHE_FOLDER));

/** Below the package's root. */
export const CACHE_FOLDER = 'node_modules/.cache/tidewatch';

/** Two folders up in a checkout, one more from a built package's dist/. */
export function packageRoot(): string {
  const roots = ['../../', '../../../'].map((dir) => fileURLToPath(new URL(dir, import.meta.url)));
  const found = roots.find((dir) => existsSync(pomOf(dir)));
  if (found === undefined) throw new TidewatchError('file_missing', 'deploy/kafka/pom.xml');
  return found;
}

const pomOf = (root: string): string => path.join(root, 'deploy/kafka/pom.xml');

async function fetchJars(
  fresh: string,
  version: string,
  env: Environment,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  say(`fetches Kafka ${version} with Maven (55 MB, once) …`);
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${fresh}`, `-Dkafka.version=${version}`];
  let ran: Ran;
  try {
    ran = await run('mvn', ['-q', '-B', '-f', pomOf(packageRoot()), ...goal], {
      env,
      timeoutMs: FETCH_TIMEOUT_MS,
      ...(signal && { signal }),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new TidewatchError('program_missing', `mvn; Kafka's jars are fetched with Apache Maven`, { cause });
  }
  if (ran.code !== 0 || !existsSync(path.join(fresh, `kafka_2.13-${version}.jar`)))
    throw new TidewatchError('fetch_failed', `Kafka ${version}, by Maven: ${firstError(ran)}`);
}

/** What Maven says first is what is wrong; the rest is where to read more. */
function firstError({ stdout, stderr }: Ran): string {
  const line = `${stdout}\n${stderr}`.split('\n').find((text) => text.includes('[ERROR]')) ?? stderr.trim();
  return line.replace(/^.*\[ERROR\]\s*/, '').slice(0, 500) || 'it ended without a word';
}
