import { spawn } from 'node:child_process';
import path from 'node:path';
import { TidewatchError } from '../../core/errors.ts';

/** What Kafka 4 needs; Kafka 3.9 runs on it too. */
const JAVA_MINIMUM = 17;
const VERSION_TIMEOUT_MS = 20_000;
const RUN_TIMEOUT_MS = 120_000;
/** More than any tool says; what lies further back is forgotten. */
const OUTPUT_MAX_CHARS = 4 * 1024 * 1024;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Ran {
  /** Exit code; null when a signal or the time limit ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  stdin?: string | Uint8Array;
  /** Folder that it runs in. */
  cwd?: string;
  env?: Environment;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Runs a program to its end. Throws what spawning it threw: ENOENT where there is no such program. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { stdin, cwd, env = process.env, timeoutMs = RUN_TIMEOUT_MS, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: { ...env }, killSignal: 'SIGKILL', signal });
    // Not spawn's own limit, which outlives a program that could not be started and keeps us with it.
    const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] = (said[name] + text).slice(-OUTPUT_MAX_CHARS);
      });
    // A program that ends without reading all of its input is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ code, ...said });
    });
  });
}

/** The java of JAVA_HOME, else that of PATH. Throws TidewatchError program_missing when there is none or an old one. */
export async function findJava(env: Environment = process.env): Promise<string> {
  const java = env.JAVA_HOME ? path.join(env.JAVA_HOME, 'bin', 'java') : 'java';
  const remedy = `Kafka needs Java ${JAVA_MINIMUM} or newer`;
  let ran: Ran;
  try {
    ran = await run(java, ['-version'], { env, timeoutMs: VERSION_TIMEOUT_MS });
  } catch (cause) {
    const where = env.JAVA_HOME ? `${java} (of JAVA_HOME)` : 'java';
    throw new TidewatchError('program_missing', `${where}; ${remedy}`, { cause });
  }
  const version = /version "([^"]+)"/.exec(ran.stderr + ran.stdout)?.[1];
  // Up to version 8 they are called 1.8.
  const major = Number(/^(?:1\.)?(\d+)/.exec(version ?? '')?.[1]);
  if (ran.code === 0 && major >= JAVA_MINIMUM) return java;
  const found = version ? `version ${version}` : 'one that does not say its version';
  throw new TidewatchError('program_missing', `java, of which there is ${found}; ${remedy}`);
}

/** The arguments of java that run a class of the jars in a folder. */
export const javaArguments = (jars: string, jvmOptions: readonly string[], mainClass: string): string[] => [
  ...jvmOptions,
  '-cp',
  path.join(jars, '*'),
  mainClass,
];

/** For programs that end soon: they start in half the time without the optimising compiler. */
const SHORT_LIVED = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** Runs a tool of the jars, such as org.apache.kafka.tools.TopicCommand, to its end. */
export function runJar(
  java: string,
  jars: string,
  mainClass: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  return run(java, [...javaArguments(jars, [...SHORT_LIVED, QUIET], mainClass), ...args], options);
}
