/**
 * `send-child.ts LOAD RATE`: sends a load at a rate, each record when it is due, however late the one before was.
 * Prints `{"startMs"}` before the first record and SentFigures after the last; ends early at SIGTERM.
 */
import kafkajs from 'kafkajs';
import { systemClock } from '../../core/clock.ts';
import { type Load, Records } from './load.ts';

export interface SentFigures {
  sent: number;
  /** How late a record was handed to the client at most. */
  lateMs: number;
}

const EVERY_MS = 5;
/** A broker that stands still is given no more than this at once when it goes on. */
const BATCH_MAX = 20_000;
const LEAD_MS = 200;

const clock = systemClock;
const load = JSON.parse(process.argv[2]!) as Load;
const perMs = Number(process.argv[3]) / 1_000;
const records = new Records(load);
const kafka = new kafkajs.Kafka({ brokers: [load.broker], logLevel: kafkajs.logLevel.ERROR });
const producer = kafka.producer({
  allowAutoTopicCreation: false,
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
});
await producer.connect();
let stopped = false;
process.on('SIGTERM', () => {
  stopped = true;
});
const startMs = clock.now() + LEAD_MS;
console.log(JSON.stringify({ startMs }));
let sent = 0;
let lateMs = 0;
let underWay = 0;
while (sent < load.records && !stopped) {
  const nowMs = clock.now();
  const due = Math.min(load.records, sent + BATCH_MAX, Math.floor((nowMs - startMs) * perMs));
  if (due > sent) {
    lateMs = Math.max(lateMs, nowMs - startMs - sent / perMs);
    const messages = Array.from({ length: due - sent }, (_, i) => records.message(sent + i));
    sent = due;
    underWay++;
    producer.send({ topic: load.topic, messages }).then(
      () => underWay--,
      (error: Error) => {
        console.error(error.message);
        process.exit(1);
      },
    );
  }
  await clock.sleep(EVERY_MS);
}
while (underWay > 0) await clock.sleep(EVERY_MS);
await producer.disconnect();
console.log(JSON.stringify({ sent, lateMs } satisfies SentFigures));
