import { ok } from '../../core/errors.ts';
import type { Producer } from '../kafka.ts';
import { recordFault } from '../log-limits.ts';
import { asResult } from './faults.ts';
import type { KafkaProducer, Placed } from './ports.ts';
import { message } from './records.ts';

/** Acknowledged by all replicas in sync. */
const ACKS_ALL = -1;
const SEND_TIMEOUT_MS = 10_000;

/** A producer that connects at its first send. Not idempotent in Kafka's sense: kafkajs breaks that under load. */
export function producerOf(producer: Producer): KafkaProducer {
  let connecting: Promise<void> | null = null;
  const connect = (): Promise<void> => {
    connecting ??= producer.connect().catch((cause) => {
      connecting = null;
      throw cause;
    });
    return connecting;
  };
  return {
    async send(topic, records) {
      const fault = recordFault(records);
      if (fault !== null) return { ok: false, fault };
      if (records.length === 0) return ok([]);
      const messages = records.map((record) => {
        const made = message(record);
        return record.partition === undefined ? made : { ...made, partition: record.partition };
      });
      return asResult(async () => {
        await connect();
        const sent = await producer.send({ topic, messages, acks: ACKS_ALL, timeout: SEND_TIMEOUT_MS });
        return sent.map(
          ({ partition, baseOffset }): Placed => ({ partition, firstOffset: Number(baseOffset ?? Number.NaN) }),
        );
      });
    },
    async close() {
      await producer.disconnect();
    },
  };
}
