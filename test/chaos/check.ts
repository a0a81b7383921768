import { DISPOSITIONS } from '../../core/types.ts';
import type { Counters, DeadLetter, RecordHeaders } from '../../ingest/ports.ts';
import type { Gone } from './fault.ts';
import type { PartitionTruth } from './truth.ts';

export interface StoredLetter extends Pick<DeadLetter, 'partition' | 'offset' | 'point' | 'key' | 'value'> {
  code: string;
}

/** What a partition left in PostgreSQL. */
export interface StoredPartition {
  epoch: number;
  offsetNext: number;
  /** Number of the last control entry that its state has folded. */
  controlSequence: number;
  counters: Counters;
  state: Uint8Array;
}

/** One look at the position of a partition while everything ran. */
export interface Look {
  partition: number;
  epoch: number;
  offsetNext: number;
  watermarkMs: number;
}

/** Everything that is there when all has come to rest. */
export interface Remains {
  truths: ReadonlyMap<number, PartitionTruth>;
  ends: ReadonlyMap<number, number>;
  /** Records of the final log by their text. */
  logged: ReadonlyMap<string, number>;
  acknowledged: ReadonlyMap<string, number>;
  stored: ReadonlyMap<number, StoredPartition>;
  /** What the saved state before the newest comes to when the log is folded on from it; null: it cannot be restored. */
  resumedStates: ReadonlyMap<number, Uint8Array | null>;
  /** The most memory that a worker had. */
  peakRssMib: number;
  /** Content hash of every stored verdict by identity. */
  verdicts: ReadonlyMap<string, string>;
  /** Rows for one identity beyond the first. */
  doubledRows: number;
  letters: readonly StoredLetter[];
  topicLetters: readonly {
    partition: number;
    offset: number;
    point: number;
    value: Uint8Array | null;
    headers: RecordHeaders;
  }[];
  incidents: ReadonlyMap<string, string>;
  expectedIncidents: ReadonlyMap<string, string>;
  looks: readonly Look[];
  /** What was removed from the log unread, and what PostgreSQL says is lost. */
  gone: readonly Gone[];
  lostRanges: readonly Gone[];
  /** Models named by control entries whose artifact has another hash, or is gone. */
  wrongModels: readonly string[];
}

export interface Findings {
  verdicts: number;
  lost: number;
  doubled: number;
  differing: number;
  /** Every broken invariant of docs/chaos.md with what was seen. */
  broken: string[];
}

/** What the container of a worker may have. */
const MAX_RSS_MIB = 512;

const at = (letter: { partition: number; offset: number; point: number }): string =>
  `${letter.partition}:${letter.offset}:${letter.point}`;

/** Holds what is stored against what an undisturbed run yields. No findings: nothing was lost, doubled or changed. */
export function check(remains: Remains): Findings {
  const broken: string[] = [];
  const expected = new Map<string, string>();
  for (const truth of remains.truths.values()) for (const [id, hash] of truth.verdicts) expected.set(id, hash);
  let [lost, differing] = [0, 0];
  for (const [id, hash] of expected) {
    const stored = remains.verdicts.get(id);
    if (stored === undefined) lost++;
    else if (stored !== hash) differing++;
  }
  let doubled = remains.doubledRows;
  for (const id of remains.verdicts.keys()) if (!expected.has(id)) doubled++;
  if (lost > 0) broken.push(`I2 ${lost} verdicts are missing`);
  if (doubled > 0) broken.push(`I3 ${doubled} verdicts too many`);
  if (differing > 0) broken.push(`I4 ${differing} verdicts differ from an undisturbed run`);

  for (const [text, times] of remains.acknowledged)
    if ((remains.logged.get(text) ?? 0) < times)
      broken.push(`I2 an acknowledged record is not in the log: ${text.slice(0, 80)}`);
  for (const [partition, truth] of remains.truths) broken.push(...partitionFaults(remains, partition, truth));
  broken.push(...letterFaults(remains));
  broken.push(...trailFaults(remains.looks));
  const ranges = (all: readonly Gone[]) => all.map(({ partition, from, to }) => `${partition}:${from}-${to}`).sort();
  if (ranges(remains.gone).join() !== ranges(remains.lostRanges).join())
    broken.push(`I2 lost_ranges has ${ranges(remains.lostRanges)}, removed was ${ranges(remains.gone)}`);
  for (const [id, text] of remains.expectedIncidents)
    if (remains.incidents.get(id) !== text) broken.push(`I4 incident ${id} differs`);
  for (const id of remains.incidents.keys())
    if (!remains.expectedIncidents.has(id)) broken.push(`I3 incident ${id} should not be`);
  for (const model of remains.wrongModels) broken.push(`I13 model ${model} is not what its control entry named`);
  for (const [partition, state] of remains.resumedStates)
    if (state === null || !Buffer.from(state).equals(remains.truths.get(partition)?.state ?? new Uint8Array(0)))
      broken.push(`I5 folding on from a saved state of partition ${partition} comes to another one`);
  if (remains.peakRssMib > MAX_RSS_MIB) broken.push(`I11 a worker had ${remains.peakRssMib} MiB of memory`);
  return { verdicts: expected.size, lost, doubled, differing, broken };
}

function partitionFaults({ stored, ends }: Remains, partition: number, truth: PartitionTruth): string[] {
  const out: string[] = [];
  const row = stored.get(partition);
  if (row === undefined) return [`I8 partition ${partition} was never saved`];
  const end = ends.get(partition) ?? 0;
  if (row.offsetNext !== end) out.push(`I8 partition ${partition} stands at ${row.offsetNext} of ${end}`);
  for (const what of [...DISPOSITIONS, 'conflicts', 'events'] as const)
    if (row.counters[what] !== truth.counters[what])
      out.push(`I1 partition ${partition} counts ${row.counters[what]} ${what}, recounted ${truth.counters[what]}`);
  if (!Buffer.from(row.state).equals(truth.state)) out.push(`I5 the state of partition ${partition} has other bytes`);
  return out;
}

function letterFaults({ truths, letters, topicLetters }: Remains): string[] {
  const out: string[] = [];
  const table = new Map(letters.map((letter) => [at(letter), letter]));
  const topic = new Map(topicLetters.map((letter) => [at(letter), letter]));
  let expected = 0;
  for (const truth of truths.values())
    for (const letter of truth.letters) {
      expected++;
      const row = table.get(at(letter));
      const sent = topic.get(at(letter));
      if (row === undefined) out.push(`I9 no dead letter ${at(letter)} in the table`);
      else if (row.code !== letter.fault.code || !same(row.value, letter.value) || !same(row.key, letter.key))
        out.push(`I9 dead letter ${at(letter)} is not what was sent`);
      if (sent === undefined) out.push(`I9 no dead letter ${at(letter)} on the topic`);
      else if (!same(sent.value, letter.value))
        out.push(`I9 dead letter ${at(letter)} on the topic is not what was sent`);
    }
  if (table.size > expected) out.push(`I9 ${table.size - expected} dead letters too many`);
  return out;
}

const same = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.from(a).equals(b);

function trailFaults(looks: readonly Look[]): string[] {
  const out = new Set<string>();
  const last = new Map<number, Look>();
  for (const look of looks) {
    const before = last.get(look.partition);
    if (before !== undefined) {
      if (look.offsetNext < before.offsetNext) out.add(`I6 the offset of partition ${look.partition} went back`);
      if (look.watermarkMs < before.watermarkMs) out.add(`I6 the watermark of partition ${look.partition} went back`);
      if (look.epoch < before.epoch) out.add(`I7 the epoch of partition ${look.partition} went back`);
    }
    last.set(look.partition, look);
  }
  return [...out];
}
