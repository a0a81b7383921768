import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../store/logger.ts';
import { requireMigrated } from '../../store/migrate.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { dropOldObservations, dropOldPartitions } from '../../store/retention.ts';
import { ensureRoles, ROLES, rolesScript } from '../../store/roles.ts';
import { PostgresServingStats } from '../../store/serving-stats.ts';
import { readTrainingRows } from '../../store/training-rows.ts';
import { testDatabase } from '../postgres.ts';
import { fillAll } from './fill-all.ts';
import { loginOf } from './logins.ts';
import { makeVerdict, outputs } from './make.ts';
import { makeProfile } from './monitor-make.ts';

const database = await testDatabase();
const owner = database.pool;
const first = await ensureRoles(owner);
const worker = (await loginOf(database, 'tidewatch_worker')).pool;
const monitor = (await loginOf(database, 'tidewatch_monitor')).pool;
const grafana = (await loginOf(database, 'tidewatch_grafana')).pool;
const stranger = await loginOf(database, null);

beforeAll(() => fillAll(worker, monitor));

const REFUSED = { code: '42501' };
type Who = typeof owner;
const refused = (who: Who, statement: string) => expect(who.query(statement), statement).rejects.toMatchObject(REFUSED);

const TABLES = ['partition_state', 'verdicts', 'incidents', 'dead_letters', 'models', 'control_entries', 'lost_ranges'];
const OF_THE_MONITOR = [
  'monitor_hold',
  'monitor_states',
  'monitor_inputs',
  'observations',
  'serving_history',
  'evidence',
  'golden_sets',
];
const NOT_FOR_WORKERS = [
  ...OF_THE_MONITOR,
  'decisions',
  'outbox',
  'labels',
  'maintenance_windows',
  'api_tokens',
  'audit_log',
];
const DDL = [
  'CREATE TABLE mine (id int)',
  'CREATE TEMPORARY TABLE mine (id int)',
  'CREATE SCHEMA mine',
  'DROP TABLE verdicts',
  'ALTER TABLE verdicts ADD COLUMN mine int',
  'TRUNCATE verdicts',
  'CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
];

it('makes the roles once, and gives the same rights again', async () => {
  expect(first).toMatchObject({ missing: [], granted: true });
  expect(await ensureRoles(owner)).toEqual({ created: [], missing: [], granted: true });
  const { rows } = await owner.query('SELECT rolcanlogin AS login FROM pg_roles WHERE rolname = ANY($1)', [ROLES]);
  expect(rows).toEqual([{ login: false }, { login: false }, { login: false }]);
});

it('takes back what somebody gave on top', async () => {
  await owner.query('GRANT DELETE ON verdicts TO tidewatch_worker; GRANT SELECT ON models TO PUBLIC');
  await ensureRoles(owner);
  await refused(worker, 'DELETE FROM verdicts');
  await refused(stranger.pool, 'SELECT * FROM models');
});

describe.each([
  ['worker', worker],
  ['monitor', monitor],
  ['grafana', grafana],
  ['a login without a role', stranger.pool],
] as const)('%s', (_name, who) => {
  it.each(DDL)('may not: %s', (statement) => refused(who, statement));
  it('deletes no verdicts and changes no models', async () => {
    await refused(who, 'DELETE FROM verdicts');
    await refused(who, 'UPDATE verdicts SET severity = 0');
    await refused(who, "UPDATE models SET sha256 = ''");
    await refused(who, 'DELETE FROM dead_letters');
    await refused(who, 'UPDATE dead_letters SET value = NULL');
    await refused(who, 'UPDATE control_entries SET at_offset = 0');
    await refused(who, 'DELETE FROM models');
    await refused(who, "UPDATE models SET lineage = '{}'");
  });
  it('changes no decision, no evidence and no audit, and forgets nothing', async () => {
    for (const table of [
      'decisions',
      'evidence',
      'audit_log',
      'golden_sets',
      'labels',
      'observations',
      'serving_history',
      'monitor_inputs',
    ]) {
      await refused(who, `DELETE FROM ${table}`);
      await refused(who, `TRUNCATE ${table}`);
    }
    await refused(who, "UPDATE decisions SET hash = ''");
    await refused(who, "UPDATE evidence SET bytes = ''");
    await refused(who, "UPDATE audit_log SET detail = ''");
    await refused(who, "UPDATE labels SET label = 'normal'");
    await refused(who, "UPDATE outbox SET body = ''");
    await refused(who, "UPDATE api_tokens SET hash = ''");
    await refused(who, 'UPDATE maintenance_windows SET from_ms = 0');
    await refused(who, 'DELETE FROM outbox');
    await refused(who, 'DELETE FROM interval_profiles');
    await refused(who, 'ALTER TABLE decisions DISABLE TRIGGER ALL');
    await refused(who, 'SET session_replication_role = replica');
  });
});

it('lets a worker do its duty, retention and first training included', async () => {
  await requireMigrated(worker);
  const models = new PostgresModelStore(worker, systemClock);
  await models.put('m', 'hosts', Uint8Array.of(1), {});
  expect(await models.get('m')).toEqual(Uint8Array.of(1));
  for await (const row of readTrainingRows(worker, 'hosts', { maxWindowsPerEntity: 9 }))
    expect(row.entity).toBe('web-1');
  const old = makeVerdict({ windowStartMs: 1_500_000_000_000 });
  const options = { stream: 'hosts', partition: 1, clock: systemClock, log: silentLogger };
  await new PostgresPartitionStore(worker, options).flush(outputs({ verdicts: [old] }));
  expect(await dropOldPartitions(worker, 'hosts', 86_400_000)).toBe(1);
  await refused(worker, "INSERT INTO experiments (id) VALUES ('x')");
  await refused(worker, "UPDATE model_roles SET model_id = 'm'");
  await refused(worker, 'SELECT * FROM verdict_partitions');
  const stats = { stream: 'hosts', partition: 0, startMs: 0, epoch: 1, windows: 1, errors: 0, latency: [1] };
  await new PostgresServingStats(worker).put([stats, stats]);
  expect(await models.serving('hosts')).toMatchObject({ champion: { modelId: 'seen' } });
  const profiled = new PostgresPartitionStore(worker, options);
  await profiled.flush(outputs({ profiles: [makeProfile()] }));
  expect(await dropOldObservations(worker, 'hosts')).toBe(0);
  for (const table of NOT_FOR_WORKERS) await refused(worker, `SELECT * FROM ${table}`);
  await refused(worker, 'UPDATE serving SET revision = 9');
  await refused(worker, 'UPDATE interval_profiles SET end_ms = 0');
  await refused(worker, "SELECT prune_models('hosts', 1)");
  await refused(worker, "SELECT strip_rights('verdicts')");
});

it('lets a monitor read all, and write no more than what it decides', async () => {
  await requireMigrated(monitor);
  for (const table of TABLES) await monitor.query(`SELECT * FROM ${table}`);
  const models = new PostgresModelStore(monitor, systemClock);
  await models.put('by-monitor', 'hosts', Uint8Array.of(2), {});
  await models.setRole('hosts', 'challenger', 'by-monitor');
  await refused(monitor, 'UPDATE partition_state SET epoch = epoch + 1');
  await refused(monitor, 'INSERT INTO control_entries SELECT * FROM control_entries');
  await refused(monitor, 'INSERT INTO verdicts SELECT * FROM verdicts');
  await refused(monitor, "SELECT drop_verdict_partitions('hosts', 9999999999999)");
  await refused(monitor, 'INSERT INTO interval_profiles SELECT * FROM interval_profiles');
  await refused(monitor, 'INSERT INTO serving_stats SELECT * FROM serving_stats');
  await monitor.query("UPDATE dead_letters SET redriven_ms = 1, redrive_note = 'again'");
});

it('knows every table that there is', async () => {
  const { rows } = await owner.query(
    `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
     AND NOT relispartition AND NOT has_table_privilege('tidewatch_monitor', oid, 'SELECT')`,
  );
  expect(rows).toEqual([]);
});

it('lets Grafana read views, without what came from outside', async () => {
  const views = await owner.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.views WHERE table_schema = 'grafana' ORDER BY 1",
  );
  const names = views.rows.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(20);
  for (const name of names)
    expect((await grafana.query(`SELECT * FROM grafana.${name}`)).rowCount, name).toBeGreaterThan(0);
  for (const table of [...TABLES, ...NOT_FOR_WORKERS, 'serving', 'interval_profiles'])
    await refused(grafana, `SELECT * FROM ${table}`);
  await refused(grafana, "UPDATE grafana.incidents SET summary = ''");
  await refused(grafana, "SELECT ensure_verdict_partitions('hosts', '{1}')");
  await refused(grafana, 'SELECT * FROM drizzle.__drizzle_migrations');
  const { rows } = await owner.query<{ type: string }>(
    `SELECT DISTINCT format_type(a.atttypid, NULL) AS type FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'grafana'::regnamespace`,
  );
  expect(rows.map(({ type }) => type)).not.toContain('bytea');
});

it('leaks no rights through new partitions, whatever the default privileges are', async () => {
  await owner.query(`ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, tidewatch_grafana, ${stranger.name}`);
  await worker.query("SELECT ensure_verdict_partitions('leaky', '{3}')");
  const { rows } = await owner.query<{ name: string }>("SELECT name FROM verdict_partitions WHERE stream = 'leaky'");
  const parts = [rows[0]!.name, rows[0]!.name.replace(/_3$/, '')];
  for (const name of parts)
    for (const who of [worker, monitor, grafana, stranger.pool]) await refused(who, `SELECT * FROM ${name}`);
  await owner.query(`ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC, tidewatch_grafana, ${stranger.name}`);
});

it('runs its functions on its own tables, though a caller puts others before them', async () => {
  const { rows } = await owner.query<{ name: string; config: string[] | null; definer: boolean; open: boolean }>(
    `SELECT proname AS name, proconfig AS config, prosecdef AS definer, has_function_privilege('public', oid, 'EXECUTE') AS open
     FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
  );
  expect(rows.map(({ name, definer }) => [name, definer])).toEqual([
    ['drop_verdict_partitions', true],
    ['ensure_verdict_partitions', true],
    ['follow_ledger', false],
    ['hold_partition', false],
    ['prune_models', true],
    ['prune_monitor', true],
    ['prune_outbox', true],
    ['refuse_change', false],
    ['strip_rights', false],
  ]);
  for (const { config, open } of rows) expect([config, open]).toEqual([['search_path=public, pg_temp'], false]);
});

it('has a script that an administrator can run, and says so of a login that may not create roles', async () => {
  await owner.query(rolesScript());
  await owner.query(rolesScript());
  await refused(worker, 'DELETE FROM verdicts');
  // the owner of the tables alone may give rights on them
  await expect(ensureRoles(stranger.pool)).rejects.toMatchObject({ code: 'database_refused' });
});
