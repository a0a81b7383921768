import type { KafkaConfig } from '../../core/config/kafka.ts';
import { ok, type Result } from '../../core/errors.ts';
import type { KafkaSettings } from './ports.ts';

/** The settings of a configuration with what its certificate files hold. readFile: file_missing where it cannot. */
export function kafkaSettings(config: KafkaConfig, readFile: (path: string) => Result<string>): Result<KafkaSettings> {
  const { brokers, clientId, sessionTimeoutMs, rebalanceTimeoutMs, maxWaitMs, username, password, mechanism } = config;
  const tls: { ca?: string; cert?: string; key?: string } = {};
  for (const [part, path] of [
    ['ca', config.caFile],
    ['cert', config.certFile],
    ['key', config.keyFile],
  ] as const) {
    if (path === undefined || !config.tls) continue;
    const text = readFile(path);
    if (!text.ok) return text;
    tls[part] = text.value;
  }
  const sasl = username === undefined || password === undefined ? null : { mechanism, username, password };
  return ok({
    brokers,
    clientId,
    tls: config.tls ? tls : null,
    sasl,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    maxWaitMs,
  });
}
