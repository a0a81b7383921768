import { bigint, doublePrecision, integer, json, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import type { TokenScope } from '../monitor/access/ports.ts';
import type { OutboxStatus } from '../monitor/notify/ports.ts';
import type { Observation } from '../monitor/observation.ts';
import type { Decision, Input, MonitorState, Serving } from '../monitor/types.ts';
import { bytea, ms } from './schema.ts';

/** The tables of the monitor, as schema.ts has those of the workers. */
const count = ms;
const arrival = () => bigint('number', { mode: 'number' }).generatedAlwaysAsIdentity();

export const intervalProfiles = pgTable(
  'interval_profiles',
  {
    stream: text().notNull(),
    startMs: ms('start_ms').notNull(),
    partition: integer().notNull(),
    sequence: count('sequence').notNull(),
    endMs: ms('end_ms').notNull(),
    modelId: text('model_id').notNull(),
    bytes: bytea().notNull(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.startMs, t.partition, t.sequence] })],
);

export const servingStats = pgTable(
  'serving_stats',
  {
    stream: text().notNull(),
    startMs: ms('start_ms').notNull(),
    partition: integer().notNull(),
    epoch: count('epoch').notNull(),
    windows: count('windows').notNull(),
    errors: count('errors').notNull(),
    latency: bigint({ mode: 'number' }).array().notNull(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.startMs, t.partition, t.epoch] })],
);

export const monitorHold = pgTable('monitor_hold', {
  one: smallint().primaryKey(),
  fence: count('fence').notNull(),
  owner: text().notNull(),
  heldMs: ms('held_ms').notNull(),
});

export const monitorStates = pgTable('monitor_states', {
  stream: text().primaryKey(),
  version: count('version').notNull(),
  atMs: ms('at_ms').notNull(),
  state: json().$type<MonitorState>().notNull(),
});

export const monitorInputs = pgTable(
  'monitor_inputs',
  {
    stream: text().notNull(),
    key: text().notNull(),
    version: count('version').notNull(),
    atMs: ms('at_ms').notNull(),
    input: json().$type<Input>(),
    before: json().$type<MonitorState>(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.key] })],
);

export const observations = pgTable(
  'observations',
  { stream: text().notNull(), atMs: ms('at_ms').notNull(), observation: json().$type<Observation>().notNull() },
  (t) => [primaryKey({ columns: [t.stream, t.atMs] })],
);

const servingColumns = () => ({
  revision: count('revision').notNull(),
  atMs: ms('at_ms').notNull(),
  lastGood: text('last_good'),
  serving: json().$type<Serving>().notNull(),
});

export const serving = pgTable('serving', { stream: text().primaryKey(), ...servingColumns() });

export const servingHistory = pgTable('serving_history', { stream: text().notNull(), ...servingColumns() }, (t) => [
  primaryKey({ columns: [t.stream, t.revision] }),
]);

export const evidence = pgTable('evidence', {
  sha256: text().primaryKey(),
  bytes: bytea().notNull(),
  recordedMs: ms('recorded_ms').notNull(),
});

export const goldenSets = pgTable('golden_sets', {
  stream: text().primaryKey(),
  bytes: bytea().notNull(),
  sha256: text().notNull(),
  createdMs: ms('created_ms').notNull(),
});

export const decisions = pgTable('decisions', {
  seq: count('seq').primaryKey(),
  id: text().notNull().unique(),
  stream: text().notNull(),
  atMs: ms('at_ms').notNull(),
  decision: json().$type<Decision>().notNull(),
  evidence: text().notNull(),
  previous: text().notNull(),
  hash: text().notNull(),
  recordedMs: ms('recorded_ms').notNull(),
});

export const outbox = pgTable('outbox', {
  id: text().primaryKey(),
  receiver: text().notNull(),
  body: text().notNull(),
  createdMs: ms('created_ms').notNull(),
  status: text().$type<OutboxStatus>().notNull().default('waiting'),
  attempts: integer().notNull().default(0),
  nextMs: ms('next_ms').notNull(),
  lastError: text('last_error'),
});

export const labels = pgTable('labels', {
  number: arrival().unique(),
  id: text().primaryKey(),
  stream: text().notNull(),
  entity: text().notNull(),
  fromMs: ms('from_ms').notNull(),
  toMs: ms('to_ms').notNull(),
  label: text().$type<'anomalous' | 'normal'>().notNull(),
  incident: text(),
  weight: doublePrecision().notNull(),
  note: text().notNull(),
  actor: text().notNull(),
  createdMs: ms('created_ms').notNull(),
});

export const labelOffers = pgTable('label_offers', {
  id: text().primaryKey(),
  stream: text().notNull(),
  entity: text().notNull(),
  fromMs: ms('from_ms').notNull(),
  toMs: ms('to_ms').notNull(),
  probability: doublePrecision().notNull(),
  offeredMs: ms('offered_ms').notNull(),
});

export const maintenanceWindows = pgTable('maintenance_windows', {
  id: text().primaryKey(),
  stream: text(),
  entity: text(),
  metric: text(),
  fromMs: ms('from_ms').notNull(),
  toMs: ms('to_ms').notNull(),
  reason: text().notNull(),
  actor: text().notNull(),
  createdMs: ms('created_ms').notNull(),
  endedMs: ms('ended_ms'),
  endedBy: text('ended_by'),
});

export const apiTokens = pgTable('api_tokens', {
  id: text().primaryKey(),
  name: text().notNull(),
  scopes: text().array().$type<TokenScope[]>().notNull(),
  hash: text().notNull(),
  createdMs: ms('created_ms').notNull(),
  expiresMs: ms('expires_ms'),
  revokedMs: ms('revoked_ms'),
});

export const auditLog = pgTable('audit_log', {
  number: arrival().primaryKey(),
  atMs: ms('at_ms').notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  subject: text().notNull(),
  outcome: text().$type<'done' | 'refused' | 'failed'>().notNull(),
  detail: text().notNull(),
});
