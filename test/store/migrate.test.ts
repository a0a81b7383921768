import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { PostgresDeadLetters } from '../../store/dead-letters.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate, requireMigrated } from '../../store/migrate.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { PostgresReader } from '../../store/reader.ts';
import * as schema from '../../store/schema.ts';
import * as monitorSchema from '../../store/schema-monitor.ts';
import { testDatabase } from '../postgres.ts';
import { makeVerdict, outputs } from './make.ts';

const { pool, url } = await testDatabase({ migrated: false });

it('migrates an empty database once, however many processes try', async () => {
  const pools = [pool, openPool(url), openPool(url)];
  await Promise.all(pools.map((one) => migrate(one)));
  await migrate(pool);
  await Promise.all(pools.slice(1).map((one) => one.end()));
  const applied = await pool.query('SELECT count(*) AS n FROM drizzle.__drizzle_migrations');
  const journal = JSON.parse(readFileSync(new URL('../../migrations/meta/_journal.json', import.meta.url), 'utf8'));
  expect(applied.rows).toEqual([{ n: journal.entries.length }]);
});

it('leaves no session with the settings or the lock of a migration', async () => {
  // the server is that of other test files too
  const locks = await pool.query(
    `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  expect(locks.rows).toEqual([{ n: 0 }]);
  const limits = await pool.query('SHOW lock_timeout');
  expect(limits.rows).toEqual([{ lock_timeout: '5s' }]);
});

it('makes exactly the columns that the typed schema knows', async () => {
  const { rows } = await pool.query<{ table: string; column: string; type: string; required: boolean }>(
    `SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type, a.attnotnull AS required
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped`,
  );
  const made = rows.map((row) => `${row.table}.${row.column} ${row.type} ${row.required}`).sort();
  const known = [...Object.values(schema), ...Object.values(monitorSchema)]
    .filter((table) => table instanceof PgTable)
    .flatMap((table) => {
      const { name, columns } = getTableConfig(table);
      return columns.map((column) => `${name}.${column.name} ${column.getSQLType()} ${column.notNull}`);
    });
  expect(made).toEqual(known.sort());
});

it('refuses a database that a newer version migrated', async () => {
  await pool.query("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)");
  await expect(migrate(pool)).rejects.toMatchObject({ code: 'database_newer' });
  await pool.query("DELETE FROM drizzle.__drizzle_migrations WHERE hash = 'later'");
  await migrate(pool);
});

it('applies a later migration to a database with data, whole or not at all', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-migrations-'));
  cpSync(fileURLToPath(new URL('../../migrations', import.meta.url)), folder, { recursive: true });
  const journalFile = path.join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(journalFile, 'utf8'));
  const idx = journal.entries.length;
  journal.entries.push({ idx, version: '7', when: journal.entries.at(-1).when + 1, tag: 'next', breakpoints: true });
  writeFileSync(journalFile, JSON.stringify(journal));
  const next = path.join(folder, 'next.sql');
  writeFileSync(next, 'CREATE TABLE later (id int);\n--> statement-breakpoint\nSELECT no_such_function();');
  await expect(migrate(pool, folder)).rejects.toThrow();
  expect((await pool.query("SELECT to_regclass('later') AS t")).rows).toEqual([{ t: null }]);
  writeFileSync(next, 'CREATE TABLE later (id int);');
  await migrate(pool, folder);
  expect((await pool.query("SELECT to_regclass('later') AS t")).rows).toEqual([{ t: 'later' }]);
  rmSync(folder, { recursive: true });
});

it('keeps verdicts, entities and dead letters of version 0.1 readable', async () => {
  const old = await testDatabase({ migrated: false });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-migrations-'));
  cpSync(fileURLToPath(new URL('../../migrations', import.meta.url)), folder, { recursive: true });
  const journalFile = path.join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(journalFile, 'utf8'));
  writeFileSync(journalFile, JSON.stringify({ ...journal, entries: journal.entries.slice(0, 1) }));
  expect(await migrate(old.pool, folder)).toEqual({ from: null, to: '0000_first', pending: ['0000_first'] });
  rmSync(folder, { recursive: true });
  await expect(requireMigrated(old.pool)).rejects.toMatchObject({ code: 'database_not_migrated' });
  await old.pool.query(`
    SELECT ensure_verdict_partitions('hosts', '{19675}');
    INSERT INTO feature_lists VALUES ('list', '{cpu__mean__10s}');
    INSERT INTO verdicts (stream, entity, window_start_ms, window_ms, schema_version, source, score, p_value, severity, probation,
      model_id, calibration_version, id, content_hash, features_id, vals, low, high)
    VALUES ('hosts', 'web-1', 1700000000000, 10000, 1, 'forest', 1, 1, 1, false, 'm', 1, 'abc', 'other', 'list', '{1}', '{0}', '{2}');
    INSERT INTO entity_status VALUES ('hosts', 'web-1', 1700000010000, 1, 'forest', false);
    INSERT INTO dead_letters VALUES ('hosts', 0, 5, -1, 'record_empty', 'd', 7, NULL, '\\x01')`);
  expect((await migrate(old.pool)).from).toBe('0000_first');
  await requireMigrated(old.pool);

  const reader = new PostgresReader(old.pool);
  const range = { fromMs: 1_700_000_000_000, toMs: 1_700_000_000_001 };
  const [verdict] = await reader.verdicts('hosts', 'web-1', range, 1);
  expect(verdict).toMatchObject({ entity: 'web-1', severity: 1, readings: { features: ['cpu__mean__10s'] } });
  expect(await reader.verdict(verdict!.id)).toEqual(verdict);
  const letters = new PostgresDeadLetters(old.pool);
  expect(await letters.get('hosts:0:5:-1')).toMatchObject({ appendMs: null, headers: [], value: Buffer.of(1) });
  // what is not known to be of another partition may not be taken for a split entity
  const options = { stream: 'hosts', partition: 3, clock: systemClock, log: silentLogger };
  const store = new PostgresPartitionStore(old.pool, options);
  const again = makeVerdict({ windowStartMs: 1_700_000_000_000 });
  expect(await store.flush(outputs({ verdicts: [again] }))).toEqual({ divergent: 1 });
});
