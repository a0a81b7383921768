/** `fill-child.ts LOAD PARTITION,…`: fills partitions of a topic with their records of a load, given as JSON. */
import kafkajs from 'kafkajs';
import { type Load, partitionOf, Records } from './load.ts';

const BATCH = 2_000;

const load = JSON.parse(process.argv[2]!) as Load;
const mine = new Set(process.argv[3]!.split(',').map(Number));
const records = new Records(load);
const kafka = new kafkajs.Kafka({ brokers: [load.broker], logLevel: kafkajs.logLevel.ERROR });
const producer = kafka.producer({
  allowAutoTopicCreation: false,
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
});
await producer.connect();
const waiting = new Map([...mine].map((partition) => [partition, [] as ReturnType<Records['message']>[]]));
/** One request under way while the next is made. */
let sending: Promise<unknown> = Promise.resolve();

async function send(messages: ReturnType<Records['message']>[]): Promise<void> {
  await sending;
  sending = producer.send({ topic: load.topic, messages });
}

for (let i = 0; i < load.records; i++) {
  const partition = partitionOf(i, load.entities);
  const messages = waiting.get(partition);
  if (messages === undefined) continue;
  messages.push(records.message(i));
  if (messages.length < BATCH) continue;
  waiting.set(partition, []);
  await send(messages);
}
for (const messages of waiting.values()) if (messages.length > 0) await send(messages);
await sending;
await producer.disconnect();
console.log('{}');
