import { createServer } from 'node:net';
import fc from 'fast-check';
import pg from 'pg';
import { expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { jsonText, storable } from '../../store/encode.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { bools, byteas, float8s, int4s, int8s, texts } from '../../store/pg-arrays.ts';
import { guarded, openPool } from '../../store/pool.ts';
import { PostgresReader } from '../../store/reader.ts';
import { testDatabase } from '../postgres.ts';

const { pool, url } = await testDatabase();

it('says database_unavailable, with the cause, when nothing listens', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const away = openPool(`postgres://u:p@127.0.0.1:${port}/d`);
  const store = new PostgresPartitionStore(away, { stream: 's', partition: 0, clock: systemClock, log: silentLogger });
  await expect(store.claim('a')).rejects.toMatchObject({
    code: 'database_unavailable',
    cause: { code: 'ECONNREFUSED' },
  });
  await expect(new PostgresReader(away).entities()).rejects.toMatchObject({ code: 'database_unavailable' });
  await expect(migrate(away)).rejects.toMatchObject({ code: 'database_unavailable' });
  await away.end();
});

it('gives up on a server that accepts and never answers', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const silent = openPool(`postgres://u:p@127.0.0.1:${port}/d`, { connectTimeoutMs: 100 });
  await expect(guarded(() => silent.query('SELECT 1'))).rejects.toMatchObject({ code: 'database_unavailable' });
  await silent.end();
  server.close();
});

it('sets all three limits in every session, and a slow statement is an outage', async () => {
  const limited = openPool(url, { statementTimeoutMs: 50, lockTimeoutMs: 60, idleInTransactionTimeoutMs: 70 });
  const { rows } = await limited.query(`SELECT current_setting('statement_timeout') AS statement,
    current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle`);
  expect(rows).toEqual([{ statement: '50ms', lock: '60ms', idle: '70ms' }]);
  await expect(guarded(() => limited.query('SELECT pg_sleep(5)'))).rejects.toMatchObject({
    code: 'database_unavailable',
  });
  await limited.end();
});

it('survives that an idle session is ended, and frees the row that a stopped owner had locked', async () => {
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (_detail: object, message: string) => void warnings.push(message) };
  const stopped = openPool(url, { idleInTransactionTimeoutMs: 100, log });
  const options = { stream: 'locked', partition: 0, clock: systemClock, log: silentLogger };
  await new PostgresPartitionStore(pool, options).claim('a');
  const client = await stopped.connect();
  client.on('error', () => undefined);
  await client.query('BEGIN');
  await client.query("UPDATE partition_state SET owner = owner WHERE stream = 'locked'");
  // the stopped owner never commits; its successor gets the partition all the same
  expect((await new PostgresPartitionStore(pool, options).claim('b')).epoch).toBe(2);
  client.release(true);
  const pid = (await stopped.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
  await pool.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
  expect((await stopped.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await stopped.end();
});

it('leaves a mistake of ours what it is, without the parameters in its message', async () => {
  await expect(guarded(() => pool.query('SELECT nonsense'))).rejects.toBeInstanceOf(pg.DatabaseError);
  const setRole = () => new PostgresModelStore(pool, systemClock).setRole('secret stream', 'champion', 'none');
  await expect(setRole()).rejects.not.toThrow(/secret stream/);
});

it('carries arrays to the bit', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('NULL', '{}', '"', '\\', ''));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double()),
      fc.array(fc.maxSafeInteger()),
      fc.array(fc.integer()),
      fc.array(fc.boolean()),
      fc.array(fc.option(text.map(storable))),
      fc.array(fc.option(fc.uint8Array({ maxLength: 9 }))),
      async (doubles, longs, ints, flags, words, blobs) => {
        const { rows } = await pool.query(
          'SELECT $1::float8[] AS doubles, $2::int8[]::text[] AS longs, $3::int4[] AS ints, $4::bool[] AS flags, $5::text[] AS words, $6::bytea[] AS blobs',
          [float8s(doubles), int8s(longs), int4s(ints), bools(flags), texts(words), byteas(blobs)],
        );
        expect(rows[0].doubles).toEqual(doubles);
        expect(rows[0].longs.map(Number)).toEqual(longs);
        expect(rows[0].ints).toEqual(ints);
        expect(rows[0].flags).toEqual(flags);
        expect(rows[0].words).toEqual(words);
        expect(rows[0].blobs.map((b: Buffer | null) => b && [...b])).toEqual(blobs.map((b) => b && [...b]));
      },
    ),
    { numRuns: 60 },
  );
});

it('stores any JSON value, whatever its text holds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: fc.constantFrom('\0', '\ud800', '\udc00', 'a', '\\', '😀') }), async (value) => {
      const { rows } = await pool.query('SELECT $1::jsonb AS stored', [jsonText({ value })]);
      expect(rows[0].stored).toEqual({ value: storable(value) });
    }),
    { numRuns: 40 },
  );
});
