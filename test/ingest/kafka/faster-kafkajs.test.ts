import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { speedUpKafkajs } from '../../../ingest/kafka/faster-kafkajs.ts';
import { kafkajsIsSpedUp } from '../../../ingest/kafka.ts';

test('the installed kafkajs is the version whose inner parts we know, so records are read at our pace', () => {
  expect(kafkajsIsSpedUp).toBe(true);
});

test('a kafkajs that was loaded before is left as it is, and that is told', () => {
  const require = createRequire(import.meta.url);
  require('kafkajs');
  expect(speedUpKafkajs(require)).toBe(false);
});
