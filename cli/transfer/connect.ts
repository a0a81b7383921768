import { readFileSync } from 'node:fs';
import { systemClock } from '../../core/clock.ts';
import type { KafkaConfig } from '../../core/config/kafka.ts';
import { fail, ok, orThrow, type Result, TidewatchError } from '../../core/errors.ts';
import { type KafkaLogger, type KafkaSettings, SILENT } from '../../ingest/kafka/ports.ts';
import { kafkaSettings } from '../../ingest/kafka/settings.ts';
import { type Cluster, openKafka } from '../../ingest/kafka.ts';

/** The cluster of a configuration. Throws file_missing for a certificate that cannot be read. */
export const connect = (config: KafkaConfig, log: KafkaLogger = SILENT): Cluster =>
  openKafka(orThrow(readSettings(config)), log, systemClock);

/** What a configuration says, with the texts of its certificates. Fault: file_missing. */
export const readSettings = (config: KafkaConfig): Result<KafkaSettings> => kafkaSettings(config, readText);

function readText(path: string): Result<string> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (cause) {
    return fail('file_missing', `${path}: ${(cause as NodeJS.ErrnoException).code}`);
  }
}

/** Throws topic_missing with the remedy. */
export function topicMissing(topic: string, remedy: string): never {
  throw new TidewatchError('topic_missing', `${topic}; ${remedy}`);
}
