import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { Verdict } from '../core/types.ts';
import { startPostgres } from '../store/embedded.ts';
import { VerdictWriter } from '../store/flush.ts';
import { silentLogger } from '../store/logger.ts';
import { migrate } from '../store/migrate.ts';
import { openPool } from '../store/pool.ts';

/**
 * What it costs to make verdicts durable, by COPY and by the statement that expects some to be there already:
 * `npx tsx bench/verdict-writes.ts [entities] [features]`. fsync and synchronous_commit are on.
 */
const ENTITIES = Number(process.argv[2] ?? 10_000);
const FEATURES = Array.from({ length: Number(process.argv[3] ?? 10) }, (_, i) => `metric_${i}__mean__10s`);
const BATCH_ROWS = 1_000;
const BATCHES = 60;
const WARM_UP = 5;
const TICK_MS = 10; // of /proc/PID/stat
const WINDOW_MS = 10_000;
const START_MS = 1_700_000_000_000;

let next = 0;
function batch(): Verdict[] {
  return Array.from({ length: BATCH_ROWS }, () => {
    const window = Math.floor(next / ENTITIES);
    const values = Float64Array.from(FEATURES, (_, k) => Math.sin(next * 7.1 + k) * 100);
    return {
      stream: 'hosts',
      entity: `host-${String(next++ % ENTITIES).padStart(6, '0')}`,
      windowStartMs: START_MS + window * WINDOW_MS,
      windowMs: WINDOW_MS,
      schemaVersion: 1,
      source: 'forest',
      score: 0.5,
      pValue: 1 / 3,
      severity: 0.2,
      probation: false,
      modelId: '0123456789abcdef',
      calibrationVersion: 1,
      readings: { features: FEATURES, values, low: values.map((x) => x - 3), high: values.map((x) => x + 3) },
      attributions: [],
    };
  });
}

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

const dir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-bench-'));
const server = await startPostgres({ dataDir: dir, clock: systemClock, log: silentLogger });
const pool = openPool(server.url, { max: 1 });
await migrate(pool);
await pool.query(
  "INSERT INTO partition_state (stream, partition, epoch, owner, claimed_ms) VALUES ('hosts', 0, 1, 'a', 0)",
);
const writer = { partition: 0, epoch: 1 };
const one = async <T>(query: string): Promise<T> => Object.values((await pool.query(query)).rows[0])[0] as T;

console.log(`${os.cpus()[0]?.model}, ${os.cpus().length} CPUs, Node ${process.version}`);
console.log(`${await one<string>('SELECT version()')}`);
console.log(`${ENTITIES} entities, ${FEATURES.length} features, ${BATCHES} batches of ${BATCH_ROWS} on one connection`);
console.log('way     rows/s  PostgreSQL µs/row  Node µs/row  WAL bytes/row  batch ms p50  p99');
for (const way of ['insert', 'copy', 'insert', 'copy']) {
  const known = new VerdictWriter(pool, 'hosts', systemClock);
  for (let i = 0; i < WARM_UP; i++) await known.write(batch(), writer);
  await pool.query('CHECKPOINT');
  const batches = Array.from({ length: BATCHES }, batch);
  const pid = await one<number>('SELECT pg_backend_pid()');
  const lsn = await one<string>('SELECT pg_current_wal_insert_lsn()');
  const before = { server: cpuMs(pid), node: process.cpuUsage(), ms: performance.now() };
  const tookMs: number[] = [];
  for (const verdicts of batches) {
    const startedMs = performance.now();
    // a writer that is new expects what it writes to be there
    const who = way === 'copy' ? known : new VerdictWriter(pool, 'hosts', systemClock);
    const result = await who.write(verdicts, writer);
    if (result === 'fenced' || result.divergent > 0) throw new Error(JSON.stringify(result));
    tookMs.push(performance.now() - startedMs);
  }
  const ms = performance.now() - before.ms;
  const node = process.cpuUsage(before.node);
  const rows = BATCHES * BATCH_ROWS;
  const wal = await one<string>(`SELECT pg_current_wal_insert_lsn() - '${lsn}'::pg_lsn`);
  tookMs.sort((a, b) => a - b);
  const figures = [
    way.padEnd(6),
    ((rows / ms) * 1_000).toFixed(0).padStart(7),
    (((cpuMs(pid) - before.server) * 1_000) / rows).toFixed(1).padStart(18),
    ((node.user + node.system) / rows).toFixed(1).padStart(12),
    (Number(wal) / rows).toFixed(0).padStart(14),
    tookMs[Math.floor(BATCHES / 2)]!.toFixed(1).padStart(13),
    tookMs.at(-1)!.toFixed(1).padStart(6),
  ];
  console.log(figures.join(' '));
}
await pool.end();
await server.stop();
rmSync(dir, { recursive: true });
