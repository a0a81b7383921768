import { ERRORS } from '../../../core/errors.ts';
import { rolesState } from '../../../store/roles.ts';
import { readRights, type ServerFacts } from '../../../store/server-facts.ts';
import { bad, type Check, type CheckResult, ok, skip, summed, warn } from '../check.ts';
import { type KafkaFacts, withoutTables } from './facts.ts';

const OLDEST = 150_000;
/** What one worker takes at most, and some room for migrate, the monitor and people. */
const WORKER_CONNECTIONS = 6;
const SPARE_CONNECTIONS = 10;
const AWAY = skip('not looked at: PostgreSQL does not let us in');

export const databaseCheck = (facts: KafkaFacts): Check => ({
  name: 'PostgreSQL',
  async run() {
    if (facts.config.database.url === undefined)
      return bad(
        'database.url is not set; workers need a PostgreSQL that outlives them',
        'Set database.urlFile to a file with its URL; `tidewatch services` runs one here.',
      );
    const server = await facts.server();
    if (!server.ok) {
      const { code, detail } = server.fault;
      const remedy =
        code === 'database_unavailable' ? 'Check host and port of database.url, and that it runs.' : ERRORS[code][1];
      return bad(`${code}: ${detail}`, remedy);
    }
    return summed([version(server.value), ...encryption(server.value)]);
  },
});

export const settingsCheck = (facts: KafkaFacts): Check => ({
  name: 'PostgreSQL settings',
  async run() {
    const server = await facts.server();
    return server.ok ? summed([...durability(server.value), connections(server.value), ...limits(server.value)]) : AWAY;
  },
});

export const tablesCheck = (facts: KafkaFacts): Check => ({
  name: 'tables',
  async run() {
    if (!(await facts.server()).ok) return AWAY;
    const migrations = await facts.migrations();
    if (!migrations.ok && migrations.fault.code === 'database_refused')
      return skip('not looked at: our login may not read which migrations were applied');
    if (!migrations.ok) return bad(migrations.fault.detail, ERRORS[migrations.fault.code][1]);
    const { from, to, pending } = migrations.value;
    if (pending.length === 0) return ok(`at ${to}`);
    return bad(
      from === null ? 'the database has no tables of Tidewatch' : `at ${from}, wanted ${to}`,
      'Run `tidewatch migrate` with the login that owns the tables, or shall own them.',
    );
  },
});

export const rolesCheck = (facts: KafkaFacts): Check => ({
  name: 'roles',
  async run() {
    const [server, migrations] = [await facts.server(), await facts.migrations()];
    if (!server.ok) return AWAY;
    const { user } = server.value;
    const few = bad(
      `${user} has not the rights of a worker`,
      `As an administrator: GRANT tidewatch_worker TO "${user}";`,
    );
    if (!migrations.ok && migrations.fault.code === 'database_refused') return few;
    const none = await withoutTables(facts);
    if (none !== null) return none;
    const [rights, roles] = [await facts.query(readRights), await facts.query((pool) => rolesState(pool))];
    if (!rights.ok || !roles.ok) return few;
    if (!rights.value.worker) return few;
    const { superuser, roles: memberOf } = server.value;
    const makeRoles = roles.value.missing.length > 0 ? 'Run `tidewatch migrate`, which makes the roles. ' : '';
    const remedy = `${makeRoles}Make a login for the workers: CREATE ROLE my_worker LOGIN PASSWORD '…' IN ROLE tidewatch_worker;`;
    if (superuser) return warn(`${user} is a superuser: a worker with it may do anything to the server`, remedy);
    if (rights.value.owner) return warn(`${user} owns the tables: a worker with it may drop them`, remedy);
    return ok(`${user} is a member of ${memberOf.join(', ') || 'no role of ours, and has the rights'}`);
  },
});

const version = ({ version, versionNumber, readOnly }: ServerFacts): CheckResult =>
  versionNumber < OLDEST
    ? bad(`version ${version}`, 'Use PostgreSQL 15 or newer.')
    : readOnly
      ? bad(`version ${version}, which takes no writes (a standby?)`, 'Name the primary in database.url.')
      : ok(`version ${version}`);

function encryption({ tls, local }: ServerFacts): CheckResult[] {
  if (tls !== null) return [ok(tls)];
  if (local) return [ok('on this machine')];
  return [
    warn(
      'passwords and telemetry go over the network without TLS',
      'Add sslmode=verify-full&sslrootcert=FILE to the URL; docs/postgresql.md says how.',
    ),
  ];
}

function durability(facts: ServerFacts): CheckResult[] {
  const wrong: [string, string][] = [];
  if (facts.fsync !== 'on') wrong.push(['fsync', facts.fsync]);
  if (facts.fullPageWrites !== 'on') wrong.push(['full_page_writes', facts.fullPageWrites]);
  // local, remote_write, remote_apply and on all wait for our own disk
  if (facts.synchronousCommit === 'off') wrong.push(['synchronous_commit', 'off']);
  if (wrong.length === 0) return [ok('fsync, full_page_writes and synchronous_commit are on')];
  return wrong.map(([name, value]) =>
    bad(
      `${name} is ${value}: a crash of the server loses or damages what workers take for saved`,
      `ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf(); and look whether the login or the database overrides it.`,
    ),
  );
}

function connections({ maxConnections, reservedConnections, usedConnections }: ServerFacts): CheckResult {
  const free = maxConnections - reservedConnections - usedConnections;
  const found = `${free} of ${maxConnections} connections free`;
  return free >= SPARE_CONNECTIONS
    ? ok(`${found}, ${WORKER_CONNECTIONS} a worker`)
    : warn(found, `Raise max_connections: each worker takes up to ${WORKER_CONNECTIONS}.`);
}

/** We ask for them with every connection; a pooler in between may swallow them. */
function limits({ idleInTransactionMs, statementTimeoutMs }: ServerFacts): CheckResult[] {
  if (idleInTransactionMs > 0 && statementTimeoutMs > 0) return [ok('the limits of our sessions hold')];
  return [
    bad(
      'the limits that our sessions ask for do not hold: a worker that hangs would keep its lock for ever',
      'Connect directly, or have the pooler (PgBouncer) pass on statement_timeout, lock_timeout and idle_in_transaction_session_timeout.',
    ),
  ];
}
