import { expect, it } from 'vitest';
import { ManualClock } from '../../core/clock.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { readSplitEntities } from '../../store/split-entities.ts';
import { testDatabase } from '../postgres.ts';
import { makeVerdict, outputs } from './make.ts';

const { pool } = await testDatabase();
const clock = new ManualClock();
const START_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const storeOf = (partition: number, stream = 'hosts') =>
  new PostgresPartitionStore(pool, { stream, partition, clock, log: silentLogger });
const at = (entity: string, windowStartMs: number) => outputs({ verdicts: [makeVerdict({ entity, windowStartMs })] });

it('counts split entities with examples, and forgets them a day after the last sign', async () => {
  const [zero, one] = [storeOf(0), storeOf(1)];
  await zero.flush(at('whole', START_MS));
  expect(await readSplitEntities(pool)).toEqual([]);
  for (const minute of [0, 1, 2, 3])
    await (minute % 2 === 0 ? zero : one).flush(at('split', START_MS + minute * MINUTE_MS));
  // partitions were added: it moved once, and stays
  await zero.flush(at('moved', START_MS));
  await one.flush(at('moved', START_MS + MINUTE_MS));
  const [found, ...others] = await readSplitEntities(pool);
  expect(others).toEqual([]);
  expect(found).toEqual({
    stream: 'hosts',
    count: 2,
    examples: [
      { entity: 'split', partitions: [0, 1], seenMs: START_MS + 3 * MINUTE_MS + 10_000 },
      { entity: 'moved', partitions: [0, 1], seenMs: START_MS + MINUTE_MS + 10_000 },
    ],
  });

  const later = START_MS + DAY_MS + 2 * MINUTE_MS;
  await one.flush(at('moved', later));
  expect((await readSplitEntities(pool)).map((s) => s.examples.map((e) => e.entity))).toEqual([['split']]);
  await one.flush(at('moved', later + DAY_MS));
  expect(await readSplitEntities(pool)).toEqual([]);
});

it('notices a split entity among masses of verdicts, no later than at the checkpoint', async () => {
  const many = (window: number) =>
    outputs({
      verdicts: Array.from({ length: 300 }, (_, i) =>
        makeVerdict({ stream: 'mass', entity: `mass-${i}`, windowStartMs: START_MS + window * 10_000 }),
      ),
    });
  const [zero, one] = [storeOf(0, 'mass'), storeOf(1, 'mass')];
  const { epoch } = await one.claim('a');
  await one.flush(many(0), epoch);
  await one.flush(many(1), epoch);
  await zero.flush(many(2));
  // by now only COPY was used for these windows: their entities' status waits
  expect(await one.flush(many(3), epoch)).toMatchObject({ divergent: 0 });
  const counters = { applied: 0, late: 0, duplicate: 0, dead_lettered: 0, filtered: 0, conflicts: 0, events: 0 };
  await one.checkpoint({
    epoch,
    offsetPrevious: 0,
    offsetNext: 1,
    state: Uint8Array.of(1),
    watermarkMs: 0,
    controlSequence: 0,
    counters,
  });
  const found = (await readSplitEntities(pool)).find(({ stream }) => stream === 'mass');
  expect(found?.count).toBe(300);
  expect(found?.examples).toHaveLength(10);
  const { rows } = await pool.query("SELECT last_window_end_ms AS ms FROM entity_status WHERE entity = 'mass-7'");
  expect(rows).toEqual([{ ms: START_MS + 40_000 }]);
});
