import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll } from 'vitest';
import { killHard } from '../cli/services/background.ts';
import { startKafka } from '../cli/services/kafka.ts';
import { findKafka } from '../cli/services/kafka-jars.ts';
import { nodeOn } from '../cli/services/kafka-running.ts';
import { freePorts } from '../cli/services/ports.ts';
import { systemClock } from '../core/clock.ts';
import { dockerArguments } from './kafka-docker.ts';
import { refuseSharedProcess } from './kafka-process.ts';
import { kafkaSource, TESTED_VERSION } from './kafka-source.ts';
import { containerTools, jarTools, type KafkaTools } from './kafka-tools.ts';

/**
 * One real broker for a whole vitest run: `setup` is a globalSetup that only names a folder; the first test that wants
 * a broker starts it in there, the others find it, and teardown ends it. KAFKA_BROKERS names one to use instead.
 */
const FOLDER_VARIABLE = 'TIDEWATCH_TEST_KAFKA_DIR';
/** For hooks that ask for the broker: the very first start on a machine fetches it. */
export const KAFKA_START_MS = 300_000;
/** A broker that takes longer for a small question is not ready for tests. */
const ANSWER_MS = 2_000;
const ADMIN_MS = 15_000;

export default function setup(): () => Promise<void> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-kafka-'));
  process.env[FOLDER_VARIABLE] = dir;
  // for every Java of the run: none lives so long that its second compiler pays
  process.env.JDK_JAVA_OPTIONS ??= '-XX:TieredStopAtLevel=1';
  return async () => {
    await endBroker(dir);
    rmSync(dir, { recursive: true, force: true });
  };
}

async function endBroker(dir: string): Promise<void> {
  const node = await nodeOn(path.join(dir, 'node'));
  // its data goes with it, so nothing is to be stopped in good order
  if (node !== null) await killHard(node.pid, systemClock);
  const { container = null } = found(dir) ?? {};
  if (container !== null) execFileSync('docker', ['rm', '--force', container], { stdio: 'ignore' });
}

/** What the first user writes down for the others. */
interface Shared {
  brokers: string[];
  container: string | null;
  failure: string | null;
}

const sharedFile = (dir: string): string => path.join(dir, 'broker.json');

function found(dir: string): Shared | null {
  return existsSync(sharedFile(dir)) ? (JSON.parse(readFileSync(sharedFile(dir), 'utf8')) as Shared) : null;
}

export interface TestBroker {
  brokers: string[];
  /** null where KAFKA_BROKERS is given on a machine without Java and Maven. */
  tools: KafkaTools | null;
}

let asked: Promise<TestBroker> | null = null;
let adminOfFile: Promise<Admin> | null = null;
const topics: string[] = [];

/** In a suite under `needs('kafka')`: the broker runs before its tests, and what freshTopic made goes after them. */
export function useKafka(): void {
  beforeAll(async () => {
    await kafkaBroker();
  }, KAFKA_START_MS);
  afterAll(async () => {
    const admin = await adminOfFile;
    if (admin === null) return;
    adminOfFile = null;
    if (topics.length > 0) await admin.deleteTopics({ topics: topics.splice(0) });
    await admin.disconnect();
  });
}

/** The broker of this run, started when nobody has yet; `useKafka()` has asked by the time a test does. */
export function kafkaBroker(): Promise<TestBroker> {
  asked ??= findOrStart();
  return asked;
}

async function findOrStart(): Promise<TestBroker> {
  refuseSharedProcess(process.env);
  const given = process.env.KAFKA_BROKERS;
  if (given) {
    const brokers = given.split(',').map((address) => address.trim());
    if (!(await answersAsKafka(brokers))) throw new Error(`KAFKA_BROKERS=${given}: no broker answers there`);
    return { brokers, tools: await jarTools(brokers) };
  }
  const { brokers, container, failure } = await sharedBroker();
  if (failure !== null) throw new Error(`the broker of the tests did not start: ${failure}`);
  return { brokers, tools: container === null ? await jarTools(brokers) : containerTools(brokers, container) };
}

async function sharedBroker(): Promise<Shared> {
  const dir = process.env[FOLDER_VARIABLE];
  if (dir === undefined) throw new Error('test/kafka.ts must be a globalSetup of vitest, which names the folder');
  try {
    mkdirSync(path.join(dir, 'starting'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return othersBroker(dir);
  }
  const shared = await launch(dir).catch((error: Error) => ({ brokers: [], container: null, failure: error.message }));
  writeFileSync(`${sharedFile(dir)}.new`, JSON.stringify(shared));
  renameSync(`${sharedFile(dir)}.new`, sharedFile(dir));
  return shared;
}

async function othersBroker(dir: string): Promise<Shared> {
  const until = systemClock.elapsed() + KAFKA_START_MS;
  for (;;) {
    const shared = found(dir);
    if (shared !== null) return shared;
    if (systemClock.elapsed() > until) throw new Error(`no broker within ${KAFKA_START_MS} ms`);
    await systemClock.sleep(50);
  }
}

async function launch(dir: string): Promise<Shared> {
  if (kafkaSource() === 'docker') return launchContainer();
  const node = await startKafka({
    program: await findKafka({ version: TESTED_VERSION, clock: systemClock }),
    dir: path.join(dir, 'node'),
    jvmOptions: ['-Xmx512m'],
    ready: (address) => answersAsKafka([address]),
    clock: systemClock,
  });
  return { brokers: [node.address], container: null, failure: null };
}

async function launchContainer(): Promise<Shared> {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const container = `tidewatch-test-${randomBytes(4).toString('hex')}`;
  execFileSync('docker', dockerArguments(container, port!, TESTED_VERSION), { stdio: ['ignore', 'ignore', 'pipe'] });
  const until = systemClock.elapsed() + KAFKA_START_MS;
  while (!(await answersAsKafka([address]))) {
    if (systemClock.elapsed() > until) {
      execFileSync('docker', ['rm', '--force', container], { stdio: 'ignore' });
      throw new Error('the container does not answer');
    }
    await systemClock.sleep(200);
  }
  return { brokers: [address], container, failure: null };
}

function client(brokers: string[], retries: number, requestTimeout: number): Kafka {
  const retry = { retries, initialRetryTime: 100, maxRetryTime: 1_000 };
  return new Kafka({
    brokers,
    clientId: 'tidewatch-test',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout,
    retry,
  });
}

/** A round trip for metadata and one to a group's coordinator, which loads for a while after the ports are open. */
export async function answersAsKafka(brokers: string[]): Promise<boolean> {
  const admin = client(brokers, 0, ANSWER_MS).admin();
  try {
    await admin.connect();
    await admin.describeCluster();
    const { groups } = await admin.describeGroups(['tidewatch-ready']);
    return groups.length === 1;
  } catch {
    return false; // not yet, which is the answer
  } finally {
    await admin.disconnect();
  }
}

/** A connected admin for this file's tests. */
export async function testAdmin(): Promise<Admin> {
  adminOfFile ??= (async () => {
    const { brokers } = await kafkaBroker();
    const admin = client(brokers, 10, ADMIN_MS).admin();
    await admin.connect();
    return admin;
  })();
  return adminOfFile;
}

/** An empty topic of its own, LogAppendTime and delete retention unless config says otherwise. */
export async function freshTopic(partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> {
  const admin = await testAdmin();
  const topic = `test-${randomBytes(6).toString('hex')}`;
  const entries = { 'message.timestamp.type': 'LogAppendTime', 'cleanup.policy': 'delete', ...config };
  const configEntries = Object.entries(entries).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }] });
  topics.push(topic);
  return topic;
}
