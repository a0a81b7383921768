import type pg from 'pg';
import { systemClock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import type { Incident } from '../../core/types.ts';
import { POINT_HEADER, readDeadLetterHeaders } from '../../ingest/kafka/dead-letter-headers.ts';
import type { Cluster } from '../../ingest/kafka.ts';
import type { LogRecord } from '../../ingest/ports.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import type { Look, Remains, StoredLetter, StoredPartition } from './check.ts';
import type { Gone } from './fault.ts';
import { textOf } from './load.ts';
import { identityOf, type PartitionTruth, resumed, undisturbed, wrongModelsOf } from './truth.ts';

export interface GatherOptions {
  cluster: Cluster;
  pool: pg.Pool;
  stream: StreamConfig;
  partitions: number;
  deadLetterTopic: string;
  acknowledged: ReadonlyMap<string, number>;
  looks: readonly Look[];
  peakRssMib: number;
  /** The log as it was before some of it was removed. */
  kept: ReadonlyMap<number, readonly LogRecord[]>;
  /** What was removed unread. */
  gone: readonly Gone[];
}

/** Reads everything that is left when all workers have stopped, and folds the final log once more beside it. */
export async function gather(options: GatherOptions): Promise<Remains> {
  const { cluster, pool, stream, partitions } = options;
  const logs = new Map([...options.kept].map(([partition, records]) => [partition, [...records]]));
  for await (const batch of cluster.read(stream.topic))
    for (const { partition, record } of batch) {
      if (!logs.has(partition)) logs.set(partition, []);
      const log = logs.get(partition)!;
      if (record.offset > (log.at(-1)?.offset ?? -1)) log.push(record);
    }
  const models = await artifactsOf(pool);
  const stored = await partitionsOf(pool, stream.name);
  const older = await partitionsOf(pool, stream.name, 'older');
  const resumedStates = new Map<number, Uint8Array | null>();
  const truths = new Map<number, PartitionTruth>();
  const ends = new Map<number, number>();
  const logged = new Map<string, number>();
  const wrongModels: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const log = logs.get(partition) ?? [];
    ends.set(partition, log.length === 0 ? 0 : log.at(-1)!.offset + 1);
    for (const { value, tombstone } of log) {
      const text = textOf(value, tombstone);
      logged.set(text, (logged.get(text) ?? 0) + 1);
    }
    const about = { stream: stream.name, partition, clock: systemClock, log: silentLogger };
    // one that was made durable just before the end is folded by whoever claims the partition next
    const folded = stored.get(partition)?.controlSequence ?? 0;
    const entries = await new PostgresPartitionStore(pool, about).controlEntries(0);
    const control = entries.filter(({ sequence }) => sequence <= folded);
    wrongModels.push(...wrongModelsOf(control, models));
    const missed = options.gone.filter((gone) => gone.partition === partition);
    const read = log.filter(({ offset }) => !missed.some(({ from, to }) => from <= offset && offset < to));
    truths.set(partition, undisturbed(stream, partition, read, control, models));
    const before = older.get(partition);
    if (before !== undefined) resumedStates.set(partition, resumed(stream, partition, before, read, control, models));
  }
  const verdicts = await verdictsOf(pool, stream.name);
  const expectedIncidents = new Map<string, string>();
  for (const { incidents } of truths.values())
    for (const [id, incident] of incidents) expectedIncidents.set(id, incidentText(incident));
  return {
    truths,
    ends,
    logged,
    wrongModels,
    expectedIncidents,
    acknowledged: options.acknowledged,
    looks: options.looks,
    stored,
    resumedStates,
    gone: options.gone,
    peakRssMib: options.peakRssMib,
    lostRanges: await lostRangesOf(pool, stream.name),
    ...verdicts,
    letters: await lettersOf(pool, stream.name),
    topicLetters: await topicLettersOf(cluster, options.deadLetterTopic),
    incidents: await incidentsOf(pool, stream.name),
  };
}

async function artifactsOf(pool: pg.Pool): Promise<Map<string, Uint8Array>> {
  const store = new PostgresModelStore(pool, systemClock);
  const out = new Map<string, Uint8Array>();
  for (const { id } of await store.list()) out.set(id, (await store.get(id))!);
  return out;
}

async function verdictsOf(pool: pg.Pool, stream: string) {
  type Row = { entity: string; start: number; hash: string };
  const { rows } = await pool.query<Row>(
    'SELECT entity, window_start_ms AS start, content_hash AS hash FROM verdicts WHERE stream = $1',
    [stream],
  );
  const verdicts = new Map(rows.map((row) => [identityOf({ ...row, windowStartMs: Number(row.start) }), row.hash]));
  return { verdicts, doubledRows: rows.length - verdicts.size };
}

/** The newest saved state of each partition, or the one before it. */
async function partitionsOf(
  pool: pg.Pool,
  stream: string,
  which: 'newest' | 'older' = 'newest',
): Promise<Map<number, StoredPartition>> {
  type Row = StoredPartition & { partition: number };
  const { rows } = await pool.query<Row>(
    `SELECT p.partition, p.epoch, g.offset_next AS "offsetNext", g.control_sequence AS "controlSequence",
       g.counters, g.state FROM partition_state p
     JOIN partition_generations g ON g.stream = p.stream AND g.partition = p.partition
     WHERE p.stream = $1 AND g.slot ${which === 'newest' ? '=' : '<>'} p.slot`,
    [stream],
  );
  return new Map(rows.map((row) => [row.partition, row]));
}

async function lostRangesOf(pool: pg.Pool, stream: string): Promise<Gone[]> {
  type Row = { partition: number; from_offset: string; to_offset: string };
  const { rows } = await pool.query<Row>(
    'SELECT partition, from_offset, to_offset FROM lost_ranges WHERE stream = $1',
    [stream],
  );
  return rows.map((row) => ({ partition: row.partition, from: Number(row.from_offset), to: Number(row.to_offset) }));
}

async function lettersOf(pool: pg.Pool, stream: string): Promise<StoredLetter[]> {
  type Row = Omit<StoredLetter, 'offset'> & { at_offset: number };
  const { rows } = await pool.query<Row>(
    'SELECT partition, at_offset, point, code, key, value FROM dead_letters WHERE stream = $1',
    [stream],
  );
  return rows.map((row) => ({ ...row, offset: Number(row.at_offset) }));
}

async function topicLettersOf(cluster: Cluster, topic: string): Promise<Remains['topicLetters']> {
  const out: Remains['topicLetters'][number][] = [];
  const admin = await cluster.admin();
  const there = await admin.topic(topic);
  await admin.close();
  if (!there.ok || there.value === null) return out;
  for await (const batch of cluster.read(topic))
    for (const { record } of batch) {
      const headers = record.headers ?? [];
      const origin = readDeadLetterHeaders(headers);
      if (origin === null) continue;
      const { partition, offset } = origin;
      const point = Number(Buffer.from(new Map(headers).get(POINT_HEADER) ?? []).toString());
      const value = record.tombstone ? null : record.value;
      out.push({ partition: partition ?? -1, offset: offset ?? -1, point, value, headers });
    }
  return out;
}

const incidentText = (i: Omit<Incident, 'attributions' | 'id' | 'stream'>): string =>
  JSON.stringify([i.entity, i.kind, i.startMs, i.lastMs, i.resolvedMs, i.peakSeverity, i.windows, i.summary]);

async function incidentsOf(pool: pg.Pool, stream: string): Promise<Map<string, string>> {
  type Row = Omit<Incident, 'attributions' | 'stream'>;
  const { rows } = await pool.query<Row>(
    `SELECT id, entity, kind, start_ms AS "startMs", last_ms AS "lastMs", resolved_ms AS "resolvedMs",
       peak_severity AS "peakSeverity", windows, summary FROM incidents WHERE stream = $1`,
    [stream],
  );
  return new Map(rows.map((row) => [row.id, incidentText(row)]));
}
