import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killHard } from '../../../cli/services/background.ts';
import { type KafkaNode, type KafkaOptions, startKafka } from '../../../cli/services/kafka.ts';
import { findKafka, type KafkaProgram } from '../../../cli/services/kafka-jars.ts';
import { nodeOn } from '../../../cli/services/kafka-running.ts';
import { systemClock } from '../../../core/clock.ts';
import { answersAsKafka, KAFKA_START_MS } from '../../kafka.ts';
import { needs } from '../../needs.ts';

const TOPIC = 'kept';

async function withClient<T>(address: string, work: (kafka: Kafka) => Promise<T>): Promise<T> {
  return work(
    new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { retries: 8, initialRetryTime: 100 } }),
  );
}

const send = (address: string, value: string): Promise<void> =>
  withClient(address, async (kafka) => {
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: TOPIC, acks: -1, messages: [{ value }] });
    await producer.disconnect();
  });

const ends = (address: string): Promise<string[]> =>
  withClient(address, async (kafka) => {
    const admin = kafka.admin();
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(TOPIC);
    await admin.disconnect();
    return offsets.map(({ high }) => high);
  });

needs('jars')('a native node of Kafka', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-node-'));
  let program: KafkaProgram;
  let node: KafkaNode;
  const options = (): KafkaOptions => ({
    program,
    dir,
    jvmOptions: ['-Xmx384m', '-XX:TieredStopAtLevel=1'],
    properties: { 'message.max.bytes': '2000000' },
    ready: (address) => answersAsKafka([address]),
    clock: systemClock,
  });

  beforeAll(async () => {
    program = await findKafka({ clock: systemClock });
    node = await startKafka(options());
  }, KAFKA_START_MS);

  afterAll(async () => {
    const left = await nodeOn(dir);
    if (left !== null) await killHard(left.pid, systemClock);
    rmSync(dir, { recursive: true, force: true });
  });

  test('answers where it says, with the properties that were asked for, and keeps them for its owner', async () => {
    expect(await nodeOn(dir)).toEqual({ pid: node.pid, address: node.address });
    const file = path.join(dir, 'server.properties');
    expect(readFileSync(file, 'utf8')).toMatch(/^message\.max\.bytes=2000000$/m);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('comes back with its data on the same port after kill -9', async () => {
    await withClient(node.address, async (kafka) => {
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1, replicationFactor: 1 }] });
      await admin.disconnect();
    });
    await send(node.address, 'before');
    const first = node.pid;
    await node.kill();
    expect(node.pid).toBeNull();
    expect(await answersAsKafka([node.address])).toBe(false);
    await node.start();
    expect(node.pid).not.toBe(first);
    expect(await ends(node.address)).toEqual(['1']);
  });

  test('is silent while it is stopped by SIGSTOP, and goes on after SIGCONT', async () => {
    node.signal('SIGSTOP');
    // a thread that is in the kernel answers once more before it stops
    await expect.poll(() => answersAsKafka([node.address]), { timeout: 20_000 }).toBe(false);
    node.signal('SIGCONT');
    await expect.poll(() => answersAsKafka([node.address]), { timeout: 20_000 }).toBe(true);
  });

  test('one that an earlier process left behind is stopped, and its data gone on with', async () => {
    const left = node.pid;
    // as the next process does, that knows of the first one by its folder alone
    const port = Number(node.address.split(':')[1]);
    node = await startKafka({ ...options(), listeners: [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', port }] });
    expect(node.pid).not.toBe(left);
    expect(await ends(node.address)).toEqual(['1']);
  });

  test('stops in good order', async () => {
    await node.stop();
    expect(node.pid).toBeNull();
    expect(await nodeOn(dir)).toBeNull();
  });

  test('a port that another program holds is named', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    try {
      const listeners = [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', port }] as const;
      await expect(startKafka({ ...options(), listeners })).rejects.toMatchObject({
        code: 'port_taken',
        detail: expect.stringContaining(String(port)),
      });
    } finally {
      other.close();
    }
  });

  test('properties that Kafka refuses end the start with its words', async () => {
    const start = startKafka({ ...options(), properties: { 'num.network.threads': 'many' } });
    await expect(start).rejects.toMatchObject({ code: 'broker_unavailable', detail: expect.stringMatching(/many/) });
  });
});

test('the id of another program in the pid file is nobody of ours', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'tidewatch-node-'));
  writeFileSync(path.join(dir, 'kafka.pid'), `${process.pid} 127.0.0.1:9092\n`);
  expect(await nodeOn(dir)).toBeNull();
  rmSync(dir, { recursive: true });
});
