import { SOURCE_STREAMS } from '../../core/config/root.ts';
import type { Fault } from '../../core/errors.ts';
import { hostSource } from '../../ingest/host.ts';
import type { Log, NewRecord } from '../../ingest/ports.ts';
import { encodeKey, encodeTidewatchJson } from '../../scenarios/encode.ts';
import type { UpOptions } from './options.ts';
import type { Shutdown } from './shutdown.ts';

const SAID_EVERY_MS = 60_000;

/** Appends to a stream's log. What is refused is said once in a while: these sources make more, and a disk may be full. */
export function appender({ logger, clock }: UpOptions, log: Log): (records: NewRecord[]) => Promise<void> {
  let saidMs = Number.NEGATIVE_INFINITY;
  let refused = 0;
  const say = (fault: Fault) => {
    refused++;
    if (clock.elapsed() - saidMs < SAID_EVERY_MS) return;
    saidMs = clock.elapsed();
    logger.warn({ fault, refused }, 'a source could not append');
    refused = 0;
  };
  return async (records) => {
    const appended = await log.append(records);
    if (!appended.ok) say(appended.fault);
  };
}

/** This machine's own metrics into their stream, where that is wanted. */
export function startHost(options: UpOptions, logs: ReadonlyMap<string, Log>, shutdown: Shutdown): void {
  const { config, clock, logger } = options;
  const log = logs.get(SOURCE_STREAMS.host);
  if (!config.sources.host.enabled || log === undefined) return;
  const append = appender(options, log);
  const source = hostSource({
    clock,
    intervalMs: config.sources.host.intervalMs,
    onSample: (sample) => {
      append([{ key: encodeKey(sample.entity), value: encodeTidewatchJson(sample) }]).catch((err) =>
        logger.error({ err }, 'the host source could not append'),
      );
    },
    onError: (err) => logger.warn({ err }, 'the machine could not be read'),
  });
  source.start();
  shutdown.add('host source', () => source.stop());
}
