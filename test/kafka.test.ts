import { describe, expect, test } from 'vitest';
import { answersAsKafka, freshTopic, kafkaBroker, testAdmin, useKafka } from './kafka.ts';
import { dockerArguments } from './kafka-docker.ts';
import { refuseSharedProcess, SHARED_PROCESS_VARIABLE } from './kafka-process.ts';
import { needs } from './needs.ts';

needs('kafka')('the broker of the tests', () => {
  useKafka();

  test('answers, and a fresh topic has the partitions and the settings it was asked for', async () => {
    const { brokers } = await kafkaBroker();
    expect(await answersAsKafka(brokers)).toBe(true);
    const admin = await testAdmin();
    const topic = await freshTopic(3, { 'retention.ms': '60000' });
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]?.partitions).toHaveLength(3);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic }],
    });
    const config = new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]));
    expect(config.get('retention.ms')).toBe('60000');
    expect(config.get('message.timestamp.type')).toBe('LogAppendTime');
  });

  test("Kafka's own producer sends lines, compressed, and with keys", async ({ skip }) => {
    const { tools } = await kafkaBroker();
    if (tools === null) return skip('no Java or Maven beside KAFKA_BROKERS');
    const topic = await freshTopic(1);
    await tools.produce(topic, ['a=1', 'b=2', 'c=3'], { compression: 'zstd', keySeparator: '=' });
    const offsets = await (await testAdmin()).fetchTopicOffsets(topic);
    expect(offsets).toMatchObject([{ partition: 0, low: '0', high: '3' }]);
  });
});

describe('the answer of nobody', () => {
  test('is no', async () => expect(await answersAsKafka(['127.0.0.1:1'])).toBe(false));
});

test('a container is reached from outside on the port that it tells its clients', () => {
  const args = dockerArguments('test', 12345, '4.1.1');
  expect(args).toContain('--publish=127.0.0.1:12345:12345');
  expect(args).toContain('--env=KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:12345');
  expect(args.at(-1)).toBe('apache/kafka:4.1.1');
});

test('no broker for a test in a process that has run other tests', () => {
  expect(() => refuseSharedProcess({ [SHARED_PROCESS_VARIABLE]: '1' })).toThrow('ALONE');
  expect(() => refuseSharedProcess({})).not.toThrow();
});
