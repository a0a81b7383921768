import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { takeLock } from '../../ingest/file-log/lock.ts';
import { type Environment, findJava, type Ran, run } from './java.ts';

export const KAFKA_VERSION = '4.1.1';
/** Names the folder that holds a folder of jars for each version of Kafka. */
export const CACHE_VARIABLE = 'TIDEWATCH_KAFKA_CACHE';
/** 55 MB over a slow line. */
const FETCH_TIMEOUT_MS = 15 * 60_000;
const LOCK_POLL_MS = 200;

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
  if (existsSync(jars)) return { java, jars, version };
  await mkdir(path.dirname(jars), { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    const detail = `${path.dirname(jars)} cannot be made (${cause.code}); ${CACHE_VARIABLE} names another folder`;
    throw new TidewatchError('file_missing', detail, { cause });
  });
  const until = clock.elapsed() + FETCH_TIMEOUT_MS;
  for (let told = false; ; told = true) {
    const lock = takeLock(`${jars}.lock`);
    if (lock.ok) {
      try {
        // Whoever held the lock before may have fetched them.
        if (!existsSync(jars)) await fetchJars(jars, version, env, say, signal);
        return { java, jars, version };
      } finally {
        lock.value();
      }
    }
    if (!told) say(`waits for another process that fetches Kafka ${version} …`);
    if (clock.elapsed() > until) throw new TidewatchError('fetch_failed', `${lock.fault.detail} for too long`);
    await clock.sleep(LOCK_POLL_MS, signal);
    signal?.throwIfAborted();
  }
}

const cacheFolder = (env: Environment): string =>
  path.resolve(env[CACHE_VARIABLE] || path.join(packageRoot(), 'node_modules/.cache/tidewatch'));

/** Two folders up in a checkout, one more from a built package's dist/. */
function packageRoot(): string {
  const roots = ['../../', '../../../'].map((dir) => fileURLToPath(new URL(dir, import.meta.url)));
  const found = roots.find((dir) => existsSync(pomOf(dir)));
  if (found === undefined) throw new TidewatchError('file_missing', 'deploy/kafka/pom.xml');
  return found;
}

const pomOf = (root: string): string => path.join(root, 'deploy/kafka/pom.xml');

/** Into a folder beside the final one, which then appears whole or not at all. */
async function fetchJars(
  jars: string,
  version: string,
  env: Environment,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  say(`fetches Kafka ${version} with Maven (55 MB, once) …`);
  const fresh = `${jars}.fetching`;
  await rm(fresh, { recursive: true, force: true });
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
  if (ran.code !== 0 || !existsSync(path.join(fresh, `kafka_2.13-${version}.jar`))) {
    await rm(fresh, { recursive: true, force: true });
    throw new TidewatchError('fetch_failed', `Kafka ${version}, by Maven: ${firstError(ran)}`);
  }
  await rename(fresh, jars);
}

/** What Maven says first is what is wrong; the rest is where to read more. */
function firstError({ stdout, stderr }: Ran): string {
  const line = `${stdout}\n${stderr}`.split('\n').find((text) => text.includes('[ERROR]')) ?? stderr.trim();
  return line.replace(/^.*\[ERROR\]\s*/, '').slice(0, 500) || 'it ended without a word';
}
