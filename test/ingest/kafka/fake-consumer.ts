import type { Consumer, ConsumerRunConfig, EachBatchPayload, KafkaMessage } from 'kafkajs';
import kafkajs from 'kafkajs';

type Handler = (event: { payload: unknown }) => void;
type Call = readonly [name: string, about: unknown];

export interface FakeBatch {
  topic?: string;
  partition?: number;
  /** Offsets of the messages. */
  offsets: readonly number[];
  /** Where the fetch began; the first message without it. */
  from?: number;
  /** Bytes of each value. */
  bytes?: number;
  stale?: boolean;
  heartbeat?: () => Promise<void>;
  messages?: KafkaMessage[];
}

/** A consumer of kafkajs as a member sees it: a test says what happens to it, and finds what it was asked to do. */
export class FakeConsumer {
  readonly calls: Call[] = [];
  readonly resolved: string[] = [];
  beats = 0;
  running = true;
  /** What commitOffsets answers. */
  committing: () => Promise<void> = () => Promise.resolve();
  readonly events = new kafkajs.Kafka({ brokers: ['127.0.0.1:1'], logLevel: 0 }).consumer({ groupId: 'x' }).events;
  #handlers = new Map<string, Handler>();
  #run: ConsumerRunConfig = {};

  /** As the member takes it. */
  get consumer(): Consumer {
    return this as unknown as Consumer;
  }

  on(name: string, handler: Handler): void {
    this.#handlers.set(name, handler);
  }

  emit(name: keyof Consumer['events'], payload: unknown = {}): void {
    this.#handlers.get(this.events[name])!({ payload });
  }

  join(memberAssignment: Record<string, number[]>): void {
    this.emit('GROUP_JOIN', { memberAssignment });
  }

  connect = () => Promise.resolve();
  subscribe = (about: unknown) => this.#called('subscribe', about);
  run = (about: ConsumerRunConfig) => {
    this.#run = about;
    return this.#called('run', about);
  };
  seek = (about: unknown) => void this.#called('seek', about);
  pause = (about: unknown) => void this.#called('pause', about);
  resume = (about: unknown) => void this.#called('resume', about);
  commitOffsets = (about: unknown) => {
    void this.#called('commit', about);
    return this.committing();
  };
  disconnect = () => this.#called('disconnect', null);

  #called(name: string, about: unknown): Promise<void> {
    this.calls.push([name, about]);
    return Promise.resolve();
  }

  of(name: string): unknown[] {
    return this.calls.filter(([called]) => called === name).map(([, about]) => about);
  }

  /** Hands a batch over as kafkajs does; resolves when the member has taken it. */
  batch({ topic = 't', partition = 0, offsets, bytes = 10, stale = false, ...rest }: FakeBatch): Promise<void> {
    const messages = rest.messages ?? offsets.map((offset) => fakeMessage(offset, bytes));
    const last = String(offsets.at(-1));
    const batch = {
      topic,
      partition,
      fetchedOffset: String(rest.from ?? offsets[0]),
      highWatermark: String(offsets.at(-1)! + 1),
      messages,
      lastOffset: () => last,
    };
    const payload = {
      batch,
      resolveOffset: (offset: string) => this.resolved.push(offset),
      heartbeat: () => {
        this.beats++;
        return rest.heartbeat?.() ?? Promise.resolve();
      },
      isRunning: () => this.running,
      isStale: () => stale,
    };
    return this.#run.eachBatch!(payload as unknown as EachBatchPayload);
  }
}

const fakeMessage = (offset: number, bytes: number): KafkaMessage =>
  ({
    offset: String(offset),
    timestamp: '1000',
    key: null,
    value: Buffer.alloc(bytes),
    attributes: 0,
    headers: {},
  }) as unknown as KafkaMessage;
