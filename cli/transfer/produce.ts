import { existsSync } from 'node:fs';
import { systemClock } from '../../core/clock.ts';
import type { Config } from '../../core/config/root.ts';
import { orThrow, TidewatchError } from '../../core/errors.ts';
import type { KafkaAdmin } from '../../ingest/kafka/ports.ts';
import { mergeRecords } from '../../scenarios/produce/merge.ts';
import { Outgoing, type OutgoingCounts } from '../../scenarios/produce/outgoing.ts';
import { MAX_SPEED, Pace } from '../../scenarios/produce/pace.ts';
import { produce, type Sent } from '../../scenarios/produce/produce.ts';
import {
  loadProgress,
  type ProduceProgress,
  progressFile,
  saveProgress,
} from '../../scenarios/produce/progress-file.ts';
import { openSources, type Span, spanOf } from '../../scenarios/produce/sources.ts';
import { connect, topicMissing } from './connect.ts';
import { transferProgress } from './progress.ts';

export interface ProduceRequest {
  recordings: string[];
  topic: string;
  /** 1: the original pace; MAX_SPEED: as fast as possible. */
  speed: number;
  partition: number | null;
  rebaseTime: boolean;
  resume: boolean;
  repeat: number;
  /** Partitions of a topic to make where there is none; null: it must exist. */
  create: number | null;
  signal: AbortSignal;
  onNotice: (message: string) => void;
}

export interface ProduceSummary extends Sent {
  finished: boolean;
  seconds: number;
  /** Where the run began, counted in records of the recordings. */
  resumedAt: number;
  counts: OutgoingCounts;
}

export async function produceRecordings(config: Config, request: ProduceRequest): Promise<ProduceSummary> {
  const { recordings, topic, signal, onNotice, repeat, speed } = request;
  for (const file of recordings) if (!existsSync(file)) throw new TidewatchError('file_missing', file);
  const progressPath = await progressFile(config.dataDir, recordings, topic);
  const kept = request.resume ? await resumable(progressPath, request) : null;
  const first = await openSources(recordings);
  if (request.rebaseTime && first.config.encoding !== 'tidewatch_json')
    throw new TidewatchError('request_invalid', `--rebase-time needs Tidewatch JSON, not ${first.config.encoding}`);
  const span = request.rebaseTime || repeat > 1 ? await spanOf(recordings) : null;
  const roundMs = span === null ? 0 : span.lastMs - span.firstMs + first.config.window.sizeMs;
  const shiftMs =
    !request.rebaseTime || span === null ? null : (kept?.shiftMs ?? shiftToNow(span, repeat, roundMs, speed));
  const outgoing = new Outgoing({
    config: first.config,
    shiftMs: shiftMs ?? 0,
    ...(request.partition !== null && { partition: request.partition }),
  });
  const kafka = connect(config.kafka);
  await requireTopic(await kafka.admin(), request);
  const skip = kept?.position ?? 0;
  const bar = transferProgress('produce', systemClock);
  const startedMs = systemClock.elapsed();
  const progress: ProduceProgress = {
    topic,
    recordings,
    partition: request.partition,
    repeat,
    shiftMs,
    position: skip,
    done: false,
  };
  const producer = await kafka.producer();
  let sent: Sent = { records: 0, bytes: 0 };
  let open = first;
  let round = -1;
  try {
    const finished = await produce({
      topic,
      producer,
      clock: systemClock,
      pace: new Pace(systemClock, speed),
      outgoing,
      open: async () => {
        if (++round > 0) open = await openSources(recordings);
        return mergeRecords(open.sources);
      },
      rounds: repeat,
      roundPaceMs: roundMs,
      roundShiftMs: shiftMs === null ? 0 : roundMs,
      skip,
      signal,
      onAcknowledged: async (position, soFar) => {
        sent = { ...soFar };
        progress.position = position;
        await saveProgress(progressPath, progress);
        bar.update(position, (round + open.readShare()) / repeat, soFar);
      },
      onNotice,
    });
    if (finished) await saveProgress(progressPath, { ...progress, done: true });
    const seconds = (systemClock.elapsed() - startedMs) / 1000;
    return { finished, ...sent, seconds, resumedAt: skip, counts: outgoing.counts };
  } finally {
    bar.end();
    await producer.close();
  }
}

/** So that nothing is ever ahead of the clock: the last record is sent at the time that it then has. */
function shiftToNow({ firstMs, lastMs }: Span, repeat: number, roundMs: number, speed: number): number {
  const wholeMs = (repeat - 1) * roundMs + lastMs - firstMs;
  const takesMs = speed === MAX_SPEED ? 0 : wholeMs / speed;
  return Math.round(systemClock.now() + takesMs - firstMs - wholeMs);
}

/** What an interrupted run left. Throws request_invalid when this one would send something else, or all is sent. */
async function resumable(file: string, request: ProduceRequest): Promise<ProduceProgress | null> {
  const kept = await loadProgress(file);
  if (kept === null) {
    request.onNotice('No earlier run of these recordings to this topic is known: it begins at the first record.');
    return null;
  }
  if (kept.done)
    throw new TidewatchError('request_invalid', 'all was sent before; leave --resume out to send it again');
  const differs = [
    kept.partition !== request.partition && `--partition was ${kept.partition ?? 'not given'}`,
    kept.repeat !== request.repeat && `--repeat was ${kept.repeat}`,
    (kept.shiftMs !== null) !== request.rebaseTime && `--rebase-time was ${kept.shiftMs === null ? 'not ' : ''}given`,
  ].filter((text) => text !== false);
  if (differs.length === 0) return kept;
  throw new TidewatchError('request_invalid', `the run to resume was another: ${differs.join(', ')}`);
}

async function requireTopic(admin: KafkaAdmin, { topic, create, partition }: ProduceRequest): Promise<void> {
  try {
    let found = orThrow(await admin.topic(topic));
    if (found === null && create !== null) {
      orThrow(
        await admin.createTopic(topic, create, {
          'message.timestamp.type': 'LogAppendTime',
          'cleanup.policy': 'delete',
        }),
      );
      found = orThrow(await admin.topic(topic));
    }
    if (found === null) topicMissing(topic, '`--create N` makes it with N partitions');
    else if (partition !== null && partition >= found.partitions.length)
      throw new TidewatchError(
        'not_found',
        `partition ${partition} of ${topic}; it has 0 to ${found.partitions.length - 1}`,
      );
  } finally {
    await admin.close();
  }
}
