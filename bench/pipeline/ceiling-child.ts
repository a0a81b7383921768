/**
 * `ceiling-child.ts LOAD`: kafkajs and JSON.parse alone read the topic of a load to its end: what any worker on kafkajs
 * can reach at most. The consumer has the settings of a worker's. Prints ReadFigures.
 */
import kafkajs from 'kafkajs';
import type { Load } from './load.ts';
import { peakRssBytes } from './proc.ts';

export interface ReadFigures {
  records: number;
  points: number;
  wallS: number;
  cpuS: number;
  rssBytes: number;
}

const MIB = 1 << 20;
const load = JSON.parse(process.argv[2]!) as Load;
const kafka = new kafkajs.Kafka({ brokers: [load.broker], logLevel: kafkajs.logLevel.ERROR });
const consumer = kafka.consumer({
  groupId: `ceiling-${crypto.randomUUID()}`,
  maxWaitTimeInMs: 50,
  maxBytes: 8 * MIB,
  maxBytesPerPartition: MIB,
});
let records = 0;
let points = 0;
let started = 0;
let cpu = process.cpuUsage();
await new Promise<void>((resolve, reject) => {
  const run = async () => {
    await consumer.connect();
    await consumer.subscribe({ topics: [load.topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: async ({ batch }) => {
        if (started === 0) {
          started = performance.now();
          cpu = process.cpuUsage();
        }
        for (const message of batch.messages) {
          const record = JSON.parse(message.value!.toString());
          for (const name in record.values) if (record.values[name] !== null) points++;
        }
        records += batch.messages.length;
        if (records >= load.records) resolve();
      },
    });
  };
  run().catch(reject);
});
const wallS = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(cpu);
const figures: ReadFigures = {
  records,
  points,
  wallS,
  cpuS: (user + system) / 1e6,
  rssBytes: peakRssBytes(process.pid),
};
console.log(JSON.stringify(figures));
await consumer.disconnect();
