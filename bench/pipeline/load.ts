import { Fleet } from '../lib/fleet.ts';

export const PARTITIONS = 4;
const STEP_MS = 1_000;
export const WINDOW_MS = 10_000;
export const LATENESS_MS = 2_000;

/** A topic of Tidewatch JSON: every entity reports once a second of event time, all in turn. */
export interface Load {
  broker: string;
  topic: string;
  entities: number;
  metrics: number;
  records: number;
  /** Event time of the first record: a multiple of the window, so far back that the last one is not in the future. */
  baseMs: number;
}

/** Event time at which a load must begin that ends before now. */
export function baseBefore(nowMs: number, records: number, entities: number): number {
  const spanMs = Math.ceil(records / entities) * STEP_MS;
  return Math.floor((nowMs - spanMs) / WINDOW_MS) * WINDOW_MS;
}

/** Entity e is always in partition e mod 4, as a key would have it. */
export const partitionOf = (i: number, entities: number): number => (i % entities) % PARTITIONS;

/** Index of the first record of a partition that closes its window of the given start. */
export function closingRecord(load: Load, partition: number, windowStartMs: number): number {
  const second = (windowStartMs + WINDOW_MS + LATENESS_MS - load.baseMs) / STEP_MS;
  return second * load.entities + partition;
}

/** Writes the records of a load; values have three decimals, as most agents send them. */
export class Records {
  readonly fleet: Fleet;
  readonly #load: Load;
  readonly #heads: string[];
  readonly #names: string[];
  readonly #keys: Buffer[];

  constructor(load: Load) {
    this.#load = load;
    this.fleet = new Fleet(load.entities, load.metrics);
    this.#heads = this.fleet.entities.map((entity) => `{"entity":"${entity}","time":`);
    this.#names = this.fleet.names.map((name) => `"${name}":`);
    this.#keys = this.fleet.entities.map((entity) => Buffer.from(entity));
  }

  message(i: number): { partition: number; key: Buffer; value: Buffer } {
    const { entities, baseMs } = this.#load;
    const e = i % entities;
    const second = Math.floor(i / entities);
    let text = `${this.#heads[e]}${baseMs + second * STEP_MS},"values":{`;
    for (let m = 0; m < this.#names.length; m++) {
      const value = Math.round(this.fleet.value(e, m, second) * 1000) / 1000;
      text += `${m === 0 ? '' : ','}${this.#names[m]}${value}`;
    }
    return { partition: e % PARTITIONS, key: this.#keys[e]!, value: Buffer.from(`${text}}}`, 'latin1') };
  }
}
