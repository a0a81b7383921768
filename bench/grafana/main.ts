/**
 * `npm run bench:grafana [-- --quick]`: fills a PostgreSQL with 10,000 entities' week of ten-minute windows, asks all that
 * the console and dashboards ask, and writes docs/storage.md. Needs 20 GB in the folder for temporary files (TMPDIR) and
 * a quarter of an hour. --quick: a fiftieth, printed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { systemClock } from '../../core/clock.ts';
import { startPostgres } from '../../store/embedded.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { openPool } from '../../store/pool.ts';
import { machineLine } from '../lib/machine.ts';
import { dashboardQuestions, fillingOf } from './dashboards.ts';
import { endMs, entityName, type FleetSize, fillIncidents, fillVerdicts, STREAM } from './fill.ts';
import { fillMonitor } from './fill-monitor.ts';
import { LIMIT_MS, type Sizes, storagePage } from './page.ts';
import { ask, QUESTIONS } from './queries.ts';
import { consoleReads } from './reads.ts';

const PAGE = 'docs/storage.md';
const FILL_TIMEOUT_MS = 3_600_000;

const quick = process.argv.includes('--quick');
const size: FleetSize = { entities: quick ? 1_000 : 10_000, windowsPerDay: 144, days: quick ? 2 : 7, features: 10 };
const say = (line: string): void => {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${line}\n`);
};

const SIZES = `SELECT sum(pg_table_size(relid))::float8 AS heap, sum(pg_indexes_size(relid))::float8 AS index
  FROM pg_partition_tree('verdicts') WHERE isleaf`;

const dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-bench-'));
const server = await startPostgres({ dataDir: dir, clock: systemClock, log: silentLogger });

/** A new database on the same server, migrated, with a pool for long statements. */
async function database(name: string): Promise<pg.Pool> {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const pool = openPool(server.url.replace(/[^/]+$/, name), { statementTimeoutMs: FILL_TIMEOUT_MS, max: 4 });
  await migrate(pool);
  return pool;
}

async function sizesOf(pool: pg.Pool, rows: number, features: number): Promise<Sizes> {
  const { heap, index } = (await pool.query<{ heap: number; index: number }>(SIZES)).rows[0]!;
  return { features, rows, heapBytes: heap, indexBytes: index };
}

let failed = false;
try {
  const sizes: Sizes[] = [];
  for (const features of [5, 20]) {
    const pool = await database(`features_${features}`);
    const some = { entities: 500, windowsPerDay: 144, days: 1, features };
    sizes.push(await sizesOf(pool, (await fillVerdicts(pool, some, systemClock, say)).rows, features));
    await pool.end();
  }
  const pool = await database('fleet');
  const filled = await fillVerdicts(pool, size, systemClock, say);
  const incidents = await fillIncidents(pool, size);
  await fillMonitor(pool, size, quick ? { observedDays: 30 } : {});
  await pool.query('CHECKPOINT');
  sizes.unshift(await sizesOf(pool, filled.rows, size.features));
  const observed = await pool.query<{ bytes: number }>(
    "SELECT pg_total_relation_size('observations')::float8 / count(*) AS bytes FROM observations",
  );
  say('asking');
  const toMs = endMs(size);
  const chosen = { stream: STREAM, entity: entityName(0), toMs };
  const filling = fillingOf(chosen);
  const measured = {
    machine: machineLine(new Date()),
    server: (await pool.query<{ version: string }>('SELECT version()')).rows[0]!.version.replace(/ on .*/, ''),
    rows: filled.rows,
    entities: size.entities,
    days: size.days,
    incidents,
    writtenPerSecond: filled.writtenPerSecond,
    sizes,
    observationBytes: observed.rows[0]!.bytes,
    console: await consoleReads(pool, chosen),
    questions: await ask(pool, QUESTIONS, filling),
    dashboards: await ask(pool, dashboardQuestions(), filling),
  };
  await pool.end();
  const page = storagePage(measured);
  if (quick) process.stdout.write(page);
  else writeFileSync(PAGE, page);
  for (const { name, firstMs, ms, refused } of [...measured.console, ...measured.questions, ...measured.dashboards]) {
    if (firstMs <= LIMIT_MS && !refused.includes('verdicts')) continue;
    failed = true;
    say(
      `NOT MET: ${name}: ${firstMs.toFixed(0)} ms at first, ${ms.toFixed(0)} ms again, whole tables: ${refused.join(', ') || 'none'}`,
    );
  }
  say(quick ? 'done' : `wrote ${PAGE}`);
} finally {
  await server.stop();
  rmSync(dir, { recursive: true });
}
if (failed) process.exitCode = 1;
