import type { StreamConfig } from '../../core/config/stream.ts';
import { type Fault, type Result, TidewatchError } from '../../core/errors.ts';
import type { KafkaProducer, Placed } from '../../ingest/kafka/ports.ts';
import type { DeadLetterStore, DeadLetterSummary } from '../../monitor/ports.ts';
import { type Judged, type Judgement, planRecord, type Send } from './plan.ts';

/** Records and bytes of one send; each letter is marked after it, so little is sent twice when the process ends. */
const BATCH_RECORDS = 64;
const BATCH_BYTES = 256 << 10;

/** ready: it would be sent, in a dry run. */
export type Outcome = Judgement | 'sent' | 'no_topic' | 'topic_gone' | 'stream_gone' | 'refused';

export interface Redriven extends Omit<Judged, 'judgement'> {
  outcome: Outcome;
}

export interface RedriveOptions {
  letters: DeadLetterStore;
  streams: readonly StreamConfig[];
  /** What a partition has saved; null for nothing. */
  watermarkOf(stream: string, partition: number): number | null;
  /** null for a topic that does not exist. */
  partitionsOf(topic: string): Promise<number | null>;
  /** null: a dry run. */
  producer: KafkaProducer | null;
  nowMs(): number;
  again: boolean;
  /** Ends between two sends. */
  signal?: AbortSignal;
  onProgress?(letters: number): void;
}

/** Only the letters named; the others of their records stay. In the order given by those of a record that is first. */
export async function redrive(all: readonly DeadLetterSummary[], options: RedriveOptions): Promise<Redriven[]> {
  const outcomes: Redriven[] = [];
  const sender = new Sender(options);
  let judged = 0;
  for (const letters of inOrder(all)) {
    if (options.signal?.aborted) break;
    for (const one of await judgeRecord(letters, sender, options)) outcomes.push(one);
    judged += letters.length;
    options.onProgress?.(judged);
  }
  await sender.flush();
  return outcomes.map((one) => sender.outcomeOf(one));
}

/** The letters of each record together, oldest first: a point of later would close the windows of those before it. */
function inOrder(all: readonly DeadLetterSummary[]): DeadLetterSummary[][] {
  const records = new Map<string, DeadLetterSummary[]>();
  for (const letter of all) {
    const id = JSON.stringify([letter.stream, letter.partition, letter.offset]);
    const known = records.get(id);
    if (known) known.push(letter);
    else records.set(id, [letter]);
  }
  const timeOf = (letters: DeadLetterSummary[]) =>
    Math.max(...letters.map(({ timeMs, appendMs, receivedMs }) => timeMs ?? appendMs ?? receivedMs));
  const dated = [...records.values()].map((letters) => ({ letters, timeMs: timeOf(letters) }));
  dated.sort((a, b) => a.timeMs - b.timeMs || a.letters[0]!.offset - b.letters[0]!.offset);
  return dated.map(({ letters }) => letters.sort((a, b) => a.point - b.point));
}

async function judgeRecord(
  letters: readonly DeadLetterSummary[],
  sender: Sender,
  options: RedriveOptions,
): Promise<Redriven[]> {
  const every = (outcome: Outcome, why: string) => letters.map((letter) => ({ letter, outcome, why }));
  const { stream, partition, topic } = letters[0]!;
  const config = options.streams.find(({ name }) => name === stream);
  if (config === undefined) return every('stream_gone', `no stream ${stream} is configured`);
  if (topic === null)
    return every('no_topic', 'it came to the embedded log and not from Kafka; its sender has to post it again');
  const partitions = await sender.partitionsOf(topic);
  if (partitions === null || partition >= partitions)
    return every('topic_gone', partitions === null ? `no topic ${topic}` : `${topic} has ${partitions} partitions`);
  const record = await options.letters.get(letters[0]!.id);
  if (record === null) return every('not_found', 'it is no longer stored');
  const present = { config, watermarkMs: options.watermarkOf(stream, partition), nowMs: options.nowMs() };
  const { judged, sends } = planRecord(record, letters, { ...present, again: options.again });
  for (const send of sends) await sender.add(topic, partition, send);
  return judged.map(({ judgement, ...rest }) => ({ ...rest, outcome: judgement }));
}

class Sender {
  readonly #o: RedriveOptions;
  readonly #partitions = new Map<string, number | null>();
  readonly #sent = new Set<string>();
  readonly #refused = new Map<string, Fault>();
  #topic = '';
  #pending: (Send & { partition: number })[] = [];
  #bytes = 0;

  constructor(options: RedriveOptions) {
    this.#o = options;
  }

  async partitionsOf(topic: string): Promise<number | null> {
    let known = this.#partitions.get(topic);
    if (known === undefined) {
      known = await this.#o.partitionsOf(topic);
      this.#partitions.set(topic, known);
    }
    return known;
  }

  async add(topic: string, partition: number, send: Send): Promise<void> {
    if (this.#o.producer === null) return;
    const bytes = send.record.value.length;
    const full = this.#pending.length >= BATCH_RECORDS || this.#bytes + bytes > BATCH_BYTES;
    if (this.#pending.length > 0 && (full || topic !== this.#topic)) await this.flush();
    this.#topic = topic;
    this.#pending.push({ ...send, partition });
    this.#bytes += bytes;
  }

  /** Throws TidewatchError when the topic cannot be written to. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    this.#bytes = 0;
    if (pending.length === 0) return;
    const result = await this.#send(pending);
    if (result.ok) return this.#mark(pending, result.value);
    for (const one of pending) {
      const alone = pending.length > 1 ? await this.#send([one]) : result;
      if (alone.ok) await this.#mark([one], alone.value);
      else for (const id of one.ids) this.#refused.set(id, alone.fault);
    }
  }

  /** Faults are those of the records; all others are thrown. */
  async #send(pending: readonly (Send & { partition: number })[]): Promise<Result<readonly Placed[]>> {
    const records = pending.map(({ record, partition }) => ({ ...record, partition }));
    const result = await this.#o.producer!.send(this.#topic, records);
    if (!result.ok && result.fault.code !== 'record_too_large')
      throw new TidewatchError(result.fault.code, `${this.#topic}: ${result.fault.detail}`);
    return result;
  }

  async #mark(pending: readonly (Send & { partition: number })[], placed: readonly Placed[]): Promise<void> {
    const next = new Map(placed.map(({ partition, firstOffset }) => [partition, firstOffset]));
    for (const { ids, partition } of pending) {
      const offset = next.get(partition);
      if (offset !== undefined) next.set(partition, offset + 1);
      for (const id of ids) this.#sent.add(id);
      const where = `${this.#topic}:${partition}${Number.isFinite(offset) ? `:${offset}` : ''}`;
      await this.#o.letters.markRedriven(ids, this.#o.nowMs(), `sent to ${where}`);
    }
  }

  outcomeOf(one: Redriven): Redriven {
    if (this.#sent.has(one.letter.id)) return { ...one, outcome: 'sent' };
    const fault = this.#refused.get(one.letter.id);
    return fault === undefined ? one : { ...one, outcome: 'refused', why: `${fault.code}: ${fault.detail}` };
  }
}
