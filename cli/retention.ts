import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config/root.ts';
import { dropOldMessages, dropOldObservations, dropOldPartitions } from '../store/retention.ts';

const EVERY_MS = 3_600_000;

export interface RetentionOptions {
  config: Config;
  streams: readonly string[];
  pool: Parameters<typeof dropOldPartitions>[0];
  clock: Clock;
  logger: Logger;
}

/** Drops verdicts that are past their time, now and every hour until the signal aborts. A failure is logged. */
export async function keepRetention(options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { config, streams, pool, clock, logger } = options;
  while (!signal.aborted) {
    for (const stream of streams) {
      try {
        const dropped = await dropOldPartitions(pool, stream, config.retention.verdictsMs);
        if (dropped > 0) logger.info({ stream, dropped }, 'partitions of old verdicts were dropped');
      } catch (err) {
        logger.error({ err, stream }, 'old verdicts could not be dropped; tried again in an hour');
      }
    }
    await clock.sleep(EVERY_MS, signal);
  }
}

/** Removes what the monitor kept for long enough, now and every hour until the signal aborts. A failure is logged. */
export async function keepMonitorRetention(options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { streams, pool, clock, logger } = options;
  while (!signal.aborted) {
    try {
      for (const stream of streams) {
        const rows = await dropOldObservations(pool, stream);
        if (rows > 0) logger.info({ stream, rows }, 'old observations and counts were removed');
      }
      const messages = await dropOldMessages(pool, clock.now());
      if (messages > 0) logger.info({ messages }, 'old messages were removed');
    } catch (err) {
      logger.error({ err }, 'what the monitor kept could not be removed; tried again in an hour');
    }
    await clock.sleep(EVERY_MS, signal);
  }
}
