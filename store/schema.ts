import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
} from 'drizzle-orm/pg-core';
import type { ControlChange, Source } from '../core/types.ts';
import type { Counters } from '../ingest/ports.ts';
import type { Evaluation, Lineage } from '../monitor/types.ts';

/**
 * The tables as typed queries see them. migrations/ is what makes them (partitions, functions and storage are beyond
 * drizzle); a test compares the two.
 */
export const bytea = customType<{ data: Uint8Array; driverData: Buffer }>({ dataType: () => 'bytea' });
export const ms = (name: string) => bigint(name, { mode: 'number' });
const offset = ms;

export const partitionState = pgTable(
  'partition_state',
  {
    stream: text().notNull(),
    partition: integer().notNull(),
    epoch: offset('epoch').notNull(),
    owner: text().notNull(),
    offsetNext: offset('offset_next').notNull().default(0),
    slot: smallint(),
    controlLast: offset('control_last').notNull().default(0),
    claimedMs: ms('claimed_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.partition] })],
);

export const partitionGenerations = pgTable(
  'partition_generations',
  {
    stream: text().notNull(),
    partition: integer().notNull(),
    slot: smallint().notNull(),
    epoch: offset('epoch').notNull(),
    offsetNext: offset('offset_next').notNull(),
    state: bytea().notNull(),
    sha256: text().notNull(),
    watermarkMs: doublePrecision('watermark_ms').notNull(),
    controlSequence: offset('control_sequence').notNull(),
    counters: jsonb().$type<Counters>().notNull(),
    checkpointedMs: ms('checkpointed_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.partition, t.slot] })],
);

export const controlEntries = pgTable(
  'control_entries',
  {
    stream: text().notNull(),
    partition: integer().notNull(),
    sequence: offset('sequence').notNull(),
    atOffset: offset('at_offset').notNull(),
    epoch: offset('epoch').notNull(),
    change: jsonb().$type<ControlChange>().notNull(),
    appendedMs: ms('appended_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.partition, t.sequence] })],
);

export const featureLists = pgTable('feature_lists', { id: text().primaryKey(), names: text().array().notNull() });

export const verdicts = pgTable(
  'verdicts',
  {
    windowStartMs: ms('window_start_ms').notNull(),
    windowMs: ms('window_ms').notNull(),
    score: doublePrecision().notNull(),
    pValue: doublePrecision('p_value').notNull(),
    severity: doublePrecision().notNull(),
    schemaVersion: integer('schema_version').notNull(),
    calibrationVersion: integer('calibration_version').notNull(),
    probation: boolean().notNull(),
    stream: text().notNull(),
    entity: text().notNull(),
    source: text().$type<Source>().notNull(),
    modelId: text('model_id').notNull(),
    contentHash: text('content_hash').notNull(),
    featuresId: text('features_id').notNull(),
    vals: doublePrecision().array().notNull(),
    low: doublePrecision().array().notNull(),
    high: doublePrecision().array().notNull(),
    attributions: jsonb(),
    partition: integer(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.entity, t.windowStartMs, t.windowMs, t.schemaVersion] })],
);

export const verdictPartitions = pgTable(
  'verdict_partitions',
  { stream: text().notNull(), day: integer().notNull(), name: text().notNull().unique() },
  (t) => [primaryKey({ columns: [t.stream, t.day] })],
);

export const entityStatus = pgTable(
  'entity_status',
  {
    stream: text().notNull(),
    entity: text().notNull(),
    lastWindowEndMs: ms('last_window_end_ms').notNull(),
    severity: doublePrecision().notNull(),
    source: text().$type<Source>().notNull(),
    probation: boolean().notNull(),
    partition: integer(),
    splitPartition: integer('split_partition'),
    splitMs: ms('split_ms'),
  },
  (t) => [primaryKey({ columns: [t.stream, t.entity] })],
);

export const incidents = pgTable('incidents', {
  id: text().primaryKey(),
  stream: text().notNull(),
  entity: text().notNull(),
  kind: text().$type<'anomaly' | 'absence'>().notNull(),
  startMs: ms('start_ms').notNull(),
  lastMs: ms('last_ms').notNull(),
  resolvedMs: ms('resolved_ms'),
  peakSeverity: doublePrecision('peak_severity').notNull(),
  windows: integer().notNull(),
  attributions: jsonb().notNull(),
  summary: text().notNull(),
});

export const deadLetters = pgTable(
  'dead_letters',
  {
    stream: text().notNull(),
    partition: integer().notNull(),
    atOffset: offset('at_offset').notNull(),
    point: integer().notNull(),
    code: text().notNull(),
    detail: text().notNull(),
    entity: text(),
    metric: text(),
    timeMs: ms('time_ms'),
    receivedMs: ms('received_ms').notNull(),
    key: bytea(),
    value: bytea(),
    topic: text(),
    appendMs: ms('append_ms'),
    headers: json().$type<[name: string, value: string | null][]>(),
    redrivenMs: ms('redriven_ms'),
    redriveNote: text('redrive_note'),
  },
  (t) => [primaryKey({ columns: [t.stream, t.partition, t.atOffset, t.point] })],
);

export const models = pgTable('models', {
  id: text().primaryKey(),
  stream: text().notNull(),
  sha256: text().notNull(),
  bytes: bytea().notNull(),
  about: jsonb().$type<Record<string, unknown>>().notNull(),
  createdMs: ms('created_ms').notNull(),
  lineage: json().$type<Lineage>(),
  evaluation: json().$type<Evaluation>(),
  keep: boolean().notNull().default(false),
});

export const modelRoles = pgTable(
  'model_roles',
  {
    stream: text().notNull(),
    role: text().$type<'champion' | 'challenger' | 'last_good'>().notNull(),
    modelId: text('model_id')
      .notNull()
      .references(() => models.id),
    sinceMs: ms('since_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.role] })],
);

export const experiments = pgTable('experiments', {
  id: text().primaryKey(),
  kind: text().notNull(),
  hypothesis: text(),
  configHash: text('config_hash').notNull(),
  seed: integer().notNull(),
  dataHash: text('data_hash').notNull(),
  codeVersion: text('code_version').notNull(),
  metrics: jsonb().$type<Record<string, number>>().notNull(),
  baselineId: text('baseline_id'),
  durationMs: doublePrecision('duration_ms').notNull(),
  memoryBytes: bigint('memory_bytes', { mode: 'number' }).notNull(),
  verdict: text().$type<'promoted' | 'archived' | 'iterate'>().notNull(),
  createdMs: ms('created_ms').notNull(),
});

export const lostRanges = pgTable(
  'lost_ranges',
  {
    stream: text().notNull(),
    partition: integer().notNull(),
    fromOffset: offset('from_offset').notNull(),
    toOffset: offset('to_offset').notNull(),
    reason: text().notNull(),
    noticedMs: ms('noticed_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.partition, t.fromOffset] })],
);
