import type { StreamConfig } from '../../core/config/stream.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import type { OutgoingRecord } from '../../ingest/kafka/ports.ts';
import { recordFault } from '../../ingest/log-limits.ts';
import type { LogRecord } from '../../ingest/ports.ts';
import { encodeKey } from '../encode.ts';
import { shiftTimes, splitByEntity } from './tidewatch-objects.ts';

export interface OutgoingOptions {
  config: StreamConfig;
  /** All records go there; without one their keys decide. */
  partition?: number;
  /** Added to event times of Tidewatch JSON. */
  shiftMs: number;
}

/** What could not be done as one would wish, in records. */
export interface OutgoingCounts {
  /** Without a key and of several entities, in an encoding that cannot be split: some entity may be on two partitions. */
  unsplit: number;
  /** Larger than any worker reads, so not sent. */
  tooLarge: number;
}

/** Turns records of a recording into records for a topic, so that each entity has its partition. */
export class Outgoing {
  readonly counts: OutgoingCounts = { unsplit: 0, tooLarge: 0 };
  readonly #partition: number | undefined;
  readonly #shiftMs: number;
  readonly #splits: boolean;
  readonly #entities: (value: Uint8Array, appendMs: number) => ReadonlySet<string>;
  readonly #keys = new Map<string, Uint8Array>();

  constructor({ config, partition, shiftMs }: OutgoingOptions) {
    this.#partition = partition;
    this.#shiftMs = shiftMs;
    this.#splits = config.encoding === 'tidewatch_json';
    this.#entities = entitiesBy(config);
  }

  /** roundMs: how much later than in the recording its events are said to happen. */
  of(record: LogRecord, roundMs = 0): OutgoingRecord[] {
    const shiftMs = this.#shiftMs + roundMs;
    const value = shiftMs === 0 || record.tombstone ? record.value : shiftTimes(record.value, shiftMs);
    const { key, headers, tombstone } = record;
    const made: OutgoingRecord = { key, value };
    if (headers !== undefined) made.headers = headers;
    if (tombstone) made.tombstone = true;
    if (this.#partition !== undefined) made.partition = this.#partition;
    return this.#sendable(key === null && this.#partition === undefined ? this.#keyed(made, record.appendMs) : [made]);
  }

  #keyed(record: OutgoingRecord, appendMs: number): OutgoingRecord[] {
    const entities = this.#entities(record.value, appendMs);
    if (entities.size === 0) return [record];
    if (entities.size === 1) {
      for (const entity of entities) record.key = this.#keyOf(entity);
      return [record];
    }
    const split = this.#splits ? splitByEntity(record.value) : null;
    if (split === null) {
      this.counts.unsplit++;
      return [record];
    }
    return [...split].map(([entity, value]) => ({ ...record, key: entity === '' ? null : this.#keyOf(entity), value }));
  }

  #keyOf(entity: string): Uint8Array {
    let key = this.#keys.get(entity);
    if (key === undefined) {
      key = encodeKey(entity);
      if (this.#keys.size < MAX_KEYS) this.#keys.set(entity, key);
    }
    return key;
  }

  #sendable(records: OutgoingRecord[]): OutgoingRecord[] {
    if (recordFault(records) === null) return records;
    const fitting = records.filter((record) => recordFault([record]) === null);
    this.counts.tooLarge += records.length - fitting.length;
    return fitting;
  }
}

/** Keys that are kept: as many entities as a partition holds by default. */
const MAX_KEYS = 100_000;

/** Entities of a record as a worker would find them. The set is used again. */
function entitiesBy(config: StreamConfig): (value: Uint8Array, appendMs: number) => ReadonlySet<string> {
  const decode = decoderFor(config);
  const found = new Set<string>();
  const add = ({ entity }: { entity: string }): void => {
    found.add(entity);
  };
  const sink = { sample: add, cumulative: add, event: add, fault: () => undefined };
  return (value, appendMs) => {
    found.clear();
    decode(value, appendMs, sink);
    return found;
  };
}
