import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/**
 * Index of the first record of a partition that closes its window of the given start. Entity e is always in partition
 * e mod 4, as a key would have it.
 */
export function closingRecord(load: Load, partition: number, windowStartMs: number): number {
  const second = (windowStartMs + WINDOW_MS + LATENESS_MS - load.baseMs) / STEP_MS;
  return second * load.entities + partition;
}

/**
 * What Sender.java reads: `entities`, a name a line, and `noise`, the doubles of the fleet's noise, big endian. Values have
 * three decimals, as most agents send them.
 */
export function writeFleet(dir: string, entities: number): void {
  const fleet = new Fleet(entities, 1);
  const bytes = Buffer.alloc(fleet.noise.length * 8);
  for (const [i, value] of fleet.noise.entries()) bytes.writeDoubleBE(value, i * 8);
  writeFileSync(join(dir, 'noise'), bytes);
  writeFileSync(join(dir, 'entities'), `${fleet.entities.join('\n')}\n`);
}
