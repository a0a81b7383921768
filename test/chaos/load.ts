import type { Clock } from '../../core/clock.ts';
import { Random } from '../../core/random.ts';
import type { KafkaProducer, OutgoingRecord } from '../../ingest/kafka/ports.ts';
import { POISONS } from './poison.ts';

export interface LoadOptions {
  topic: string;
  producer: KafkaProducer;
  clock: Clock;
  seed: number;
  /** Event time of the first point. */
  startMs: number;
  entities: number;
  windows: number;
  windowMs: number;
  /** Event time that passes in a second of the clock. */
  speed: number;
  /** Of a hundred records so many are poison. */
  poisonPercent: number;
  signal: AbortSignal;
}

/** Steps of event time in a window; each has a record of every entity. */
const STEPS = 4;
const METRICS = ['cpu', 'latency', 'errors'];
const RETRY_MS = 200;
/** One in so many records comes again, as after a lost acknowledgement. */
const AGAIN_ONE_IN = 50;

export interface Sent {
  /** Records that Kafka has acknowledged, by their text; a repeat counts again. */
  acknowledged: Map<string, number>;
  sends: number;
  failures: number;
}

/**
 * Telemetry that a seed determines: entities that swing and now and then jump, with poison among their records and
 * repeats. A step that Kafka did not take is sent again until it does; what it took twice is there twice.
 * before: what was sent earlier, to count on from.
 */
export async function sendLoad(options: LoadOptions, before?: Sent): Promise<Sent> {
  const { clock, entities, windows, windowMs, speed, startMs, topic, producer, signal } = options;
  const random = new Random(options.seed);
  const sent: Sent = before ?? { acknowledged: new Map(), sends: 0, failures: 0 };
  const stepMs = windowMs / STEPS;
  const beganMs = clock.elapsed();
  let poisons = 0;
  for (let step = 0; step < windows * STEPS && !signal.aborted; step++) {
    const timeMs = startMs + step * stepMs;
    const batch: OutgoingRecord[] = [];
    for (let e = 0; e < entities; e++) {
      const record = pointsOf(`entity-${e}`, e, timeMs, random);
      batch.push(record);
      if (random.below(AGAIN_ONE_IN) === 0) batch.push(record);
      if (random.below(100) < options.poisonPercent) batch.push(poison(poisons++, e));
    }
    await sendStep(batch);
    const aheadMs = ((step + 1) * stepMs) / speed - (clock.elapsed() - beganMs);
    if (aheadMs > 0) await clock.sleep(aheadMs, signal);
  }
  return sent;

  async function sendStep(batch: readonly OutgoingRecord[]): Promise<void> {
    while (!signal.aborted) {
      sent.sends++;
      const answer = await producer.send(topic, batch);
      if (answer.ok) break;
      sent.failures++;
      await clock.sleep(RETRY_MS, signal);
      if (signal.aborted) return;
    }
    for (const { value, tombstone } of batch) {
      const text = textOf(value, tombstone);
      sent.acknowledged.set(text, (sent.acknowledged.get(text) ?? 0) + 1);
    }
  }
}

/** What tells a record from others. */
export const textOf = (value: Uint8Array, tombstone?: boolean): string =>
  tombstone ? 'tombstone' : `v${Buffer.from(value).toString('latin1')}`;

function pointsOf(entity: string, e: number, timeMs: number, random: Random): OutgoingRecord {
  const values: Record<string, number> = {};
  const jump = random.below(400) === 0 ? 50 : 0;
  for (const [m, metric] of METRICS.entries())
    values[metric] = Math.round((20 + 5 * Math.sin(timeMs / 60_000 + e + m) + random.next() + jump) * 1000) / 1000;
  return { key: Buffer.from(entity), value: Buffer.from(JSON.stringify({ entity, time: timeMs, values })) };
}

function poison(n: number, e: number): OutgoingRecord {
  const value = POISONS[n % POISONS.length]!(n);
  const key = n % 5 === 0 ? null : Buffer.from(`entity-${e}`);
  return value === null ? { key, value: Buffer.alloc(0), tombstone: true } : { key, value };
}
