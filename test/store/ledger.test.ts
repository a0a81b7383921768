import { expect, it } from 'vitest';
import { ManualClock } from '../../core/clock.ts';
import { chained } from '../../monitor/ledger/chain.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { testDatabase } from '../postgres.ts';
import { makeCommit } from './monitor-make.ts';
import { chainHolds } from './monitor-under-test.ts';

// its login owns every table, and is a superuser
const { pool } = await testDatabase();
const store = new PostgresMonitorStore(pool, new ManualClock(1_000));
const hold = (await store.hold('a'))!;
for (const n of [1, 2, 3]) await hold.commit(makeCommit(n));
await hold.release();
await pool.query(
  "INSERT INTO audit_log (at_ms, actor, action, subject, outcome, detail) VALUES (1, 'a', 'b', 'c', 'done', '')",
);

await pool.query("INSERT INTO golden_sets VALUES ('s', '', '', 1)");

const REFUSED = { code: 'TW002' };
const CHANGES = ['decisions', 'evidence', 'audit_log', 'golden_sets'].flatMap((table) => [
  `UPDATE ${table} SET ${table === 'audit_log' ? 'at_ms' : table === 'golden_sets' ? 'created_ms' : 'recorded_ms'} = 0`,
  `DELETE FROM ${table}`,
  `DELETE FROM ${table} WHERE false`,
  `TRUNCATE ${table}`,
  `TRUNCATE verdicts, ${table} CASCADE`,
  `MERGE INTO ${table} t USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE`,
]);

it.each(CHANGES)('refuses its owner: %s', async (statement) => {
  await expect(pool.query(statement)).rejects.toMatchObject(REFUSED);
});

it('refuses a session that says it replicates, which passes other triggers by', async () => {
  const client = await pool.connect();
  try {
    await client.query('SET session_replication_role = replica');
    for (const statement of ["UPDATE decisions SET hash = ''", 'DELETE FROM evidence', 'TRUNCATE audit_log'])
      await expect(client.query(statement)).rejects.toMatchObject(REFUSED);
    await expect(
      client.query(
        "INSERT INTO decisions SELECT 9, 'x', stream, at_ms, decision, evidence, previous, hash, 0 FROM decisions LIMIT 1",
      ),
    ).rejects.toMatchObject({ code: 'TW003' });
  } finally {
    client.release(true);
  }
});

it.each([
  ['leaves a gap', '5, ', 'last.hash', 'last.evidence'],
  ['comes before the last', '2, ', 'last.hash', 'last.evidence'],
  ['follows another hash', '4, ', 'last.previous', 'last.evidence'],
  ['names evidence that is not there', '4, ', 'last.hash', "'ff'"],
])('refuses an entry that %s', async (_what, seq, previous, evidence) => {
  await expect(
    pool.query(`INSERT INTO decisions
      SELECT ${seq} 'hosts-4', stream, at_ms, decision, ${evidence}, ${previous}, 'h', 0 FROM decisions last WHERE seq = 3`),
  ).rejects.toMatchObject({ code: 'TW003' });
});

it('cannot keep the owner from switching the rule off, and then the chain tells', async () => {
  expect(chainHolds(await store.ledger())).toBe(true);
  await pool.query('ALTER TABLE decisions DISABLE TRIGGER only_grows');
  await pool.query("UPDATE decisions SET decision = replace(decision::text, 'hold', 'look')::json WHERE seq = 2");
  await pool.query('ALTER TABLE decisions ENABLE ALWAYS TRIGGER only_grows');
  const entries = await store.ledger();
  expect(chainHolds(entries)).toBe(false);
  const whole = entries.map((e) => e.hash === chained(e.previous, e.seq, e.decision, e.evidence, e.recordedMs));
  expect(whole).toEqual([true, false, true]);
});

it('pages through more entries than one page has', async () => {
  const again = (await store.hold('a'))!;
  const { decisions, evidence } = makeCommit(4);
  let n = 3;
  for (let version = 4; n < 1_103; version++) {
    const hundred = Array.from({ length: 100 }, () => {
      n++;
      return { ...decisions[0]!, decision: { ...decisions[0]!.decision, id: `hosts-${n}` } };
    });
    expect(await again.commit(makeCommit(version, { decisions: hundred, evidence }))).toBe('committed');
  }
  await again.release();
  expect((await store.ledger()).map((e) => e.seq)).toEqual(Array.from({ length: 1_103 }, (_, i) => i + 1));
  expect(await store.ledger({ fromSeq: 50, limit: 1_020 })).toHaveLength(1_020);
});
