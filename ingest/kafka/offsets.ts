import type { KafkaAdmin, OffsetRange } from './ports.ts';

type Ranges = ReadonlyMap<number, OffsetRange> | null;

/**
 * Starts and ends of the partitions of a topic. Many partitions ask at once, when a worker claims them: whoever comes
 * while a request is under way gets the answer of the next one, so that no answer is older than its question.
 */
export class TopicOffsets {
  readonly #admin: KafkaAdmin;
  readonly #topic: string;
  #running: Promise<Ranges> | null = null;
  #next: Promise<Ranges> | null = null;

  constructor(admin: KafkaAdmin, topic: string) {
    this.#admin = admin;
    this.#topic = topic;
  }

  /** null while the cluster cannot be reached, or does not know the partition. */
  async of(partition: number): Promise<OffsetRange | null> {
    return (await this.#ask())?.get(partition) ?? null;
  }

  #ask(): Promise<Ranges> {
    if (this.#running === null) return this.#request();
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.#request();
    });
    return this.#next;
  }

  #request(): Promise<Ranges> {
    const asked = this.#fetch().finally(() => {
      if (this.#running === asked) this.#running = null;
    });
    this.#running = asked;
    return asked;
  }

  async #fetch(): Promise<Ranges> {
    const found = await this.#admin.offsets(this.#topic);
    return found.ok ? new Map(found.value.map((range) => [range.partition, range])) : null;
  }
}
