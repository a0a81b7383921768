import type { Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { Consumer, EachBatchPayload } from '../kafka.ts';
import { kafkaFault } from './faults.ts';
import { TopicOffsets } from './offsets.ts';
import { KafkaPartitionLog } from './partition-log.ts';
import type { KafkaAdmin, KafkaLogger, KafkaProducer } from './ports.ts';
import { Pulse } from './pulse.ts';
import { queued } from './records.ts';

export interface Assigned {
  topic: string;
  partition: number;
  /** Ends when the partition is no longer ours. */
  log: KafkaPartitionLog;
}

export interface MemberOptions {
  groupId: string;
  topics: readonly string[];
  /** Bytes that may wait in the queues of all partitions together. */
  queueBytes: number;
  /** Silence after which the group takes us for dead; without progress for so long we give up ourselves. */
  sessionTimeoutMs: number;
  partitionsConsumedConcurrently: number;
  /** Rises whenever a partition loop has done something: what heartbeats depend on while a queue is full. */
  progress: () => number;
  /** After every join: exactly these are ours from here on, all others are lost. Their logs were closed already. */
  onAssigned: (assigned: readonly Assigned[]) => void;
  /** The group is about to share out anew: a good moment to save and let go. */
  onRebalancing: () => void;
  /** The consumer has ended and will not begin again. Called once at most. */
  onFailed: (cause: TidewatchError) => void;
  /** Lets logs append too, for tests and tools. */
  producer?: KafkaProducer;
  consumer: Consumer;
  admin: KafkaAdmin;
  clock: Clock;
  log: KafkaLogger;
}

/** As much of kafkajs' END_BATCH_PROCESS as is used; without any record at all its firstOffset is null. */
interface Fetch {
  topic: string;
  partition: number;
  batchSize: number;
  firstOffset: string | null;
  lastOffset: string;
  highWatermark: string;
}

/** How often a full queue is looked at, and with it whether a heartbeat is due. */
const LOOK_MS = 250;
const HINT_EVERY_MS = 3_000;
/** Closing waits so long for the last hints: kafkajs repeats a commit for as long as the brokers are away. */
const LAST_HINTS_MS = 1_000;

/**
 * Membership in a consumer group. Kafka only says which partitions are ours: where we stand is PostgreSQL's to say, so
 * a partition is paused until its log is asked for an offset, and offset commits are hints for people and tools.
 */
export class GroupMember {
  readonly #o: MemberOptions;
  readonly #offsets: ReadonlyMap<string, TopicOffsets>;
  readonly #stop = new AbortController();
  readonly #hints = new Map<string, { topic: string; partition: number; offset: string; metadata: string }>();
  #logs = new Map<string, KafkaPartitionLog>();
  #queued = 0;
  readonly #room = new Pulse();
  #failed = false;
  #heartbeats = 0;
  #rebalances = 0;
  #hinting: Promise<void> = Promise.resolve();

  constructor(options: MemberOptions) {
    this.#o = options;
    this.#offsets = new Map(options.topics.map((topic) => [topic, new TopicOffsets(options.admin, topic)]));
  }

  /** Heartbeats that the group has answered: as long as they rise, we are a member. */
  get heartbeats(): number {
    return this.#heartbeats;
  }

  get rebalances(): number {
    return this.#rebalances;
  }

  get queuedBytes(): number {
    return this.#queued;
  }

  async start(): Promise<void> {
    const { consumer, topics, log, partitionsConsumedConcurrently } = this.#o;
    const { GROUP_JOIN, REBALANCING, CRASH, HEARTBEAT, STOP, END_BATCH_PROCESS } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => this.#own(() => this.#joined(payload.memberAssignment)));
    consumer.on(REBALANCING, () => this.#own(() => this.#o.onRebalancing()));
    // told before a crash is: from here to the next join kafkajs throws at whoever seeks
    consumer.on(STOP, () => this.#own(() => this.#left()));
    consumer.on(END_BATCH_PROCESS, ({ payload }) => this.#own(() => this.#skipped(payload)));
    consumer.on(HEARTBEAT, () => {
      this.#heartbeats++;
    });
    consumer.on(CRASH, ({ payload }) => {
      const fault = kafkaFault(payload.error);
      log.warn({ ...fault, restart: payload.restart }, 'the consumer ended');
      if (!payload.restart) this.#fail(new TidewatchError(fault.code, fault.detail, { cause: payload.error }));
    });
    this.#knock().catch((cause) => this.#fail(new TidewatchError('internal', String(cause), { cause })));
    try {
      await consumer.connect();
      if (this.#stop.signal.aborted) return;
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently,
        eachBatch: (payload) => this.#batch(payload),
      });
    } catch (cause) {
      const { code, detail } = kafkaFault(cause);
      const which = code === 'topic_missing' ? `${topics.length > 1 ? 'one of ' : ''}${topics.join(', ')}: ` : '';
      throw new TidewatchError(code, which + detail, { cause });
    }
    this.#hinting = this.#hint();
  }

  /** The consumer tries to connect for ever. A cluster that refuses us will do so the next time too. */
  async #knock(): Promise<void> {
    const found = await this.#o.admin.cluster();
    if (!found.ok && found.fault.code === 'broker_refused')
      this.#fail(new TidewatchError(found.fault.code, found.fault.detail));
  }

  /** Runs a handler's code: what it throws would end the consumer, and look like a fault of Kafka's. */
  #own<T>(handler: () => T): T | undefined {
    try {
      return handler();
    } catch (cause) {
      this.#fail(new TidewatchError('internal', `in a handler of the consumer: ${String(cause)}`, { cause }));
      return undefined;
    }
  }

  /** Called by kafkajs in the middle of a join, before anything is fetched: what it does here happens in time. */
  #joined(assignment: Record<string, number[]>): void {
    this.#rebalances++;
    const { consumer, onAssigned, producer, clock } = this.#o;
    this.#closeLogs();
    const assigned: Assigned[] = [];
    for (const [topic, partitions] of Object.entries(assignment)) {
      consumer.pause([{ topic, partitions }]);
      for (const partition of partitions) {
        const log = new KafkaPartitionLog({
          partition,
          clock,
          learn: () => this.#offsets.get(topic)?.of(partition) ?? Promise.resolve(null),
          seek: (offset) => {
            consumer.seek({ topic, partition, offset: String(offset) });
            consumer.resume([{ topic, partitions: [partition] }]);
          },
          onTaken: (bytes) => this.#taken(bytes),
          ...(producer && { send: (records) => producer.send(topic, records) }),
        });
        this.#logs.set(`${topic} ${partition}`, log);
        assigned.push({ topic, partition, log });
      }
    }
    onAssigned(assigned);
  }

  #left(): void {
    this.#closeLogs();
    this.#o.onRebalancing();
  }

  #closeLogs(): void {
    for (const log of this.#logs.values()) void log.close();
    this.#logs = new Map();
    this.#hints.clear();
  }

  #taken(bytes: number): void {
    this.#queued -= bytes;
    if (this.#queued <= this.#o.queueBytes) this.#room.beat();
  }

  /**
   * Queues a batch. While the queues are full it waits here, and beats only as long as partitions make progress: the
   * group must not keep us for a worker that hangs. Errors of heartbeat() are kafkajs' own way of ending a batch.
   */
  async #batch({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const log = this.#logs.get(`${batch.topic} ${batch.partition}`);
    if (log === undefined || isStale()) return;
    const lastOffset = batch.lastOffset();
    const { fetchedOffset } = batch as typeof batch & { fetchedOffset: string };
    const [from, to, end] = [Number(fetchedOffset), Number(lastOffset) + 1, Number(batch.highWatermark)];
    const records = this.#own(() => queued(batch.messages));
    if (records === undefined) return;
    this.#queued += log.push({ records, from, to, end });
    resolveOffset(lastOffset);
    const { progress, queueBytes, sessionTimeoutMs, clock } = this.#o;
    let seen = progress();
    let movedMs = clock.elapsed();
    while (this.#queued > queueBytes && isRunning() && !this.#stop.signal.aborted && !this.#failed) {
      await this.#roomOrTick();
      const now = progress();
      if (now !== seen) {
        seen = now;
        movedMs = clock.elapsed();
        await heartbeat();
      } else if (clock.elapsed() - movedMs > sessionTimeoutMs)
        this.#fail(
          new TidewatchError('stalled', `${this.#queued} bytes wait, nothing moved for ${sessionTimeoutMs} ms`),
        );
    }
  }

  /** A fetch that brought nothing but markers of transactions and aborted records, which kafkajs keeps to itself. */
  #skipped({ topic, partition, batchSize, firstOffset, lastOffset, highWatermark }: Fetch): void {
    if (batchSize > 0 || firstOffset === null) return;
    const [from, to, end] = [Number(firstOffset), Number(lastOffset) + 1, Number(highWatermark)];
    this.#logs.get(`${topic} ${partition}`)?.push({ records: [], from, to, end });
  }

  async #roomOrTick(): Promise<void> {
    const tick = new AbortController();
    await Promise.race([this.#room.next(), this.#o.clock.sleep(LOOK_MS, tick.signal)]);
    tick.abort();
  }

  #fail(cause: TidewatchError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#o.onFailed(cause);
  }

  /** Remembers how far a partition is saved; told to Kafka now and then, for the tools that show lag. */
  saved(topic: string, partition: number, offset: number, checkpoint: string): void {
    const key = `${topic} ${partition}`;
    if (this.#logs.has(key)) this.#hints.set(key, { topic, partition, offset: String(offset), metadata: checkpoint });
  }

  async #hint(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#o.clock.sleep(HINT_EVERY_MS, this.#stop.signal);
      await this.#commit();
    }
  }

  async #commit(): Promise<void> {
    const hints = [...this.#hints.values()];
    this.#hints.clear();
    if (hints.length === 0) return;
    try {
      // kafkajs commits with the member that it is now; what the group refuses is a hint that nobody needs any more
      await this.#o.consumer.commitOffsets(hints);
    } catch (cause) {
      this.#o.log.debug(kafkaFault(cause), 'offsets were not committed');
    }
  }

  /** Commits the last hints, leaves the group and disconnects. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const log of this.#logs.values()) void log.close();
    const late = new AbortController();
    await Promise.race([this.#hinting.then(() => this.#commit()), this.#o.clock.sleep(LAST_HINTS_MS, late.signal)]);
    late.abort();
    await this.#o.consumer.disconnect();
    await this.#o.admin.close();
  }
}
