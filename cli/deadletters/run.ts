import { systemClock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';
import { orThrow, TidewatchError } from '../../core/errors.ts';
import type { KafkaAdmin, KafkaProducer } from '../../ingest/kafka/ports.ts';
import type { DeadLetterFilter, DeadLetterSummary } from '../../monitor/ports.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { connect } from '../transfer/connect.ts';
import { progress } from '../ui/progress.ts';
import { everyLetter, openLetters } from './open.ts';
import { type Outcome, type Redriven, redrive } from './redrive.ts';
import { columns, oneLine } from './words.ts';

/** Lines of a report for a person; --json has all. */
const MAX_LINES = 50;
const MAX_WHY = 160;

const MEANINGS: Record<Outcome, string> = {
  ready: 'would be sent',
  sent: 'sent',
  sent_before: 'were sent again before',
  still_bad: 'would be refused again',
  window_closed: 'are too late: their windows have closed',
  not_found: 'cannot be found in their records',
  no_topic: 'came from no Kafka topic',
  topic_gone: 'have lost their topic',
  stream_gone: 'are of a stream that is not configured',
  refused: 'were refused by the broker',
};

export interface Redriving {
  /** Letters by their ids, or else those of a filter. Throws not_found. */
  find(ids: readonly string[], filter: DeadLetterFilter, limit: number): Promise<DeadLetterSummary[]>;
  run(letters: readonly DeadLetterSummary[], dryRun: boolean): Promise<{ outcomes: Redriven[] }>;
  inWords(outcomes: readonly Redriven[], dryRun: boolean): string[];
  close(): Promise<void>;
}

/** The database and, once a letter asks for it, the cluster of a configuration. */
export async function openRedrive(config: Config, { again }: { again: boolean }): Promise<Redriving> {
  const { letters, reader, close } = await openLetters(config);
  const kafka = connect(config.kafka);
  const signal = stopOnSignal('Stopping after the records that are under way; once more ends at once.');
  let admin: KafkaAdmin | null = null;
  let producer: KafkaProducer | null = null;
  const partitionsOf = async (topic: string) => {
    admin ??= await kafka.admin();
    return orThrow(await admin.topic(topic))?.partitions.length ?? null;
  };
  return {
    async find(ids, filter, limit) {
      if (ids.length === 0) return everyLetter(letters, filter, limit);
      const found: DeadLetterSummary[] = [];
      for (const id of new Set(ids)) {
        const letter = await letters.get(id);
        if (letter === null) throw new TidewatchError('not_found', `dead letter ${id}`);
        const { key: _key, value: _value, headers: _headers, ...summary } = letter;
        found.push(summary);
      }
      return found;
    },
    async run(all, dryRun) {
      const saved = new Map((await reader.partitions()).map((p) => [`${p.partition} ${p.stream}`, p.watermarkMs]));
      if (!dryRun) producer ??= await kafka.producer();
      const bar = progress('redrive', { total: all.length, unit: 'letters' });
      try {
        const outcomes = await redrive(all, {
          letters,
          streams: config.streams,
          watermarkOf: (stream, partition) => saved.get(`${partition} ${stream}`) ?? null,
          partitionsOf,
          producer: dryRun ? null : producer,
          nowMs: () => systemClock.now(),
          again,
          signal,
          onProgress: (done) => bar.update(done),
        });
        return { outcomes };
      } finally {
        bar.end();
      }
    },
    inWords: reportLines,
    async close() {
      await admin?.close();
      await producer?.close();
      await close();
    },
  };
}

function reportLines(outcomes: readonly Redriven[], dryRun: boolean): string[] {
  if (outcomes.length === 0) return ['Nothing to send.'];
  const told = outcomes.filter(({ why }) => why !== '');
  const rows = told.slice(0, MAX_LINES).map(({ letter, outcome, why }) => [letter.id, outcome, oneLine(why, MAX_WHY)]);
  const lines = columns(rows);
  if (told.length > MAX_LINES) lines.push(`… and ${told.length - MAX_LINES} more; --json has all of them`);
  const counts = new Map<Outcome, number>();
  for (const { outcome } of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const parts = [...counts].map(([outcome, count]) => `${count} ${MEANINGS[outcome]}`);
  return [...lines, `${dryRun ? 'Nothing was sent: of' : 'Of'} ${outcomes.length} dead letters ${parts.join(', ')}.`];
}
