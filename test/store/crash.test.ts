import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { startPostgres } from '../../store/embedded.ts';
import { silentLogger } from '../../store/logger.ts';
import { migrate } from '../../store/migrate.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { makeVerdict, noCounters, outputs } from './make.ts';

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tidewatch-crash-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** Waits out an outage as the partition loop does, and counts it. */
async function insist<T>(call: () => Promise<T>, outages: { count: number }): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TidewatchError) || error.code !== 'database_unavailable') throw error;
      outages.count++;
      await systemClock.sleep(20);
    }
  }
}

it('loses nothing that was acknowledged and doubles nothing when the server is killed again and again', async () => {
  const server = await startPostgres({ dataDir, clock: systemClock, log: silentLogger });
  const pool = openPool(server.url);
  await migrate(pool);
  const open = () =>
    new PostgresPartitionStore(pool, { stream: 'hosts', partition: 0, clock: systemClock, log: silentLogger });
  const random = new Random(7);
  const outages = { count: 0 };
  const state = (offset: number) => Uint8Array.from({ length: 200_000 }, (_, i) => (i * offset) & 255);
  const store = open();
  const { epoch } = await store.claim('a');
  const STEPS = 60;
  let kills = 0;
  for (let step = 0; step < STEPS; step++) {
    // the kill strikes while one of the calls below is under way
    if (step % 20 === 10 && server.pid() !== null) {
      const victim = server.pid()!;
      setTimeout(() => process.kill(victim, 'SIGKILL'), random.below(4));
      kills++;
    }
    const verdicts = [0, 1].map((host) => makeVerdict({ entity: `host-${host}`, windowStartMs: step * 10_000 }));
    expect(await insist(() => store.flush(outputs({ verdicts })), outages)).toEqual({ divergent: 0 });
    await insist(() => store.appendControl(epoch, step, { kind: 'watermark', toMs: step }), outages);
    const checkpoint = {
      epoch,
      offsetPrevious: step,
      offsetNext: step + 1,
      state: state(step + 1),
      watermarkMs: step,
      controlSequence: step + 1,
      counters: noCounters,
    };
    expect(await insist(() => store.checkpoint(checkpoint), outages)).toBe('committed');
  }
  expect(kills).toBe(3);
  expect(outages.count).toBeGreaterThan(0); // a kill that nobody felt has tested nothing

  const next = open();
  const claim = await next.claim('b');
  expect([claim.epoch, claim.offsetNext, claim.recovered]).toEqual([2, STEPS, undefined]);
  expect(Buffer.compare(claim.state!, state(STEPS))).toBe(0);
  const entries = await next.controlEntries(0);
  expect(entries.map((entry) => [entry.sequence, entry.offset])).toEqual(
    Array.from({ length: STEPS }, (_, i) => [i + 1, i]),
  );
  const { rows } = await pool.query('SELECT count(*) AS n FROM verdicts');
  expect(rows).toEqual([{ n: 2 * STEPS }]);
  await pool.end();
  await server.stop();
}, 60_000);
