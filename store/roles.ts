import type pg from 'pg';
import { TidewatchError } from '../core/errors.ts';
import { databaseError } from './pool.ts';

/** One a duty, none of which can log in: a login of an administrator's own is made a member of one of them. */
export const ROLES = ['tidewatch_worker', 'tidewatch_monitor', 'tidewatch_grafana'] as const;

const [WORKER, MONITOR, GRAFANA] = ROLES;
const EVERYONE = ROLES.join(', ');
/** 'role' in ASCII. */
const ROLES_LOCK = 0x726f6c65;
const INSUFFICIENT_PRIVILEGE = '42501';

const TABLES = [
  'partition_state',
  'partition_generations',
  'control_entries',
  'feature_lists',
  'verdicts',
  'verdict_partitions',
  'entity_status',
  'incidents',
  'dead_letters',
  'models',
  'model_roles',
  'experiments',
  'lost_ranges',
  'interval_profiles',
  'serving_stats',
  'monitor_hold',
  'monitor_states',
  'monitor_inputs',
  'observations',
  'serving',
  'serving_history',
  'evidence',
  'decisions',
  'golden_sets',
  'outbox',
  'labels',
  'label_offers',
  'maintenance_windows',
  'api_tokens',
  'audit_log',
];
const OF_WORKERS = [
  'hold_partition(text, integer, bigint)',
  'ensure_verdict_partitions(text, integer[])',
  'drop_verdict_partitions(text, bigint)',
];
/** Retention of what the monitor keeps; whoever runs retention may. */
const PRUNE = 'prune_monitor(text, bigint, bigint), prune_outbox(bigint)';
const OF_MONITORS = 'prune_models(text, integer)';
const FUNCTIONS = [...OF_WORKERS, PRUNE, OF_MONITORS];
const REDRIVE = 'UPDATE (redriven_ms, redrive_note)';

const create = (role: string): string => `DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
    CREATE ROLE ${role} NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- somebody else, in another database of this server, was quicker
END $$`;

/** Of the database itself; only its owner may, and for others the rest still holds. */
const DATABASE_RIGHTS = `DO $$
BEGIN
  EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${EVERYONE}', current_database());
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'the rights of PUBLIC on this database are for its owner to take back';
END $$`;

/** Needs CREATEROLE. */
export const CREATE_ROLES: readonly string[] = ROLES.map(create);

/** Needs the owner of the tables, who runs migrate. Everything is taken before it is given, in one transaction. */
export const GRANTS: readonly string[] = [
  DATABASE_RIGHTS,
  `REVOKE ALL ON TABLE ${TABLES.join(', ')} FROM PUBLIC, ${EVERYONE}`,
  `REVOKE ALL ON FUNCTION ${FUNCTIONS.join(', ')} FROM PUBLIC, ${EVERYONE}`,
  `REVOKE ALL ON ALL TABLES IN SCHEMA grafana FROM PUBLIC, ${EVERYONE}`,
  `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA grafana FROM PUBLIC, ${EVERYONE}`,
  `REVOKE ALL ON SCHEMA grafana FROM PUBLIC, ${EVERYONE}`,
  // which migrations were applied
  `GRANT USAGE ON SCHEMA public, drizzle TO ${WORKER}, ${MONITOR}`,
  `GRANT SELECT ON drizzle.__drizzle_migrations TO ${WORKER}, ${MONITOR}`,
  `GRANT SELECT, INSERT, UPDATE ON partition_state, partition_generations, entity_status, incidents, lost_ranges TO ${WORKER}`,
  `GRANT SELECT, INSERT ON control_entries, feature_lists, verdicts, dead_letters, models, model_roles TO ${WORKER}`,
  `GRANT ${REDRIVE} ON dead_letters TO ${WORKER}, ${MONITOR}`,
  `GRANT SELECT, INSERT ON interval_profiles TO ${WORKER}`,
  `GRANT SELECT, INSERT, UPDATE ON serving_stats TO ${WORKER}`,
  `GRANT SELECT ON serving TO ${WORKER}`,
  `GRANT EXECUTE ON FUNCTION ${OF_WORKERS.join(', ')}, ${PRUNE} TO ${WORKER}`,
  `GRANT SELECT ON TABLE ${TABLES.join(', ')} TO ${MONITOR}`,
  `GRANT INSERT ON models, model_roles, experiments TO ${MONITOR}`,
  `GRANT UPDATE, DELETE ON model_roles TO ${MONITOR}`,
  // a model's bytes and where it comes from never change
  `GRANT UPDATE (evaluation, keep) ON models TO ${MONITOR}`,
  `GRANT UPDATE ON monitor_hold TO ${MONITOR}`,
  `GRANT INSERT, UPDATE ON monitor_states, serving TO ${MONITOR}`,
  `GRANT INSERT ON monitor_inputs, observations, serving_history, evidence, decisions, golden_sets, outbox, labels,
  label_offers, maintenance_windows, api_tokens, audit_log TO ${MONITOR}`,
  `GRANT UPDATE (status, attempts, next_ms, last_error) ON outbox TO ${MONITOR}`,
  `GRANT UPDATE (ended_ms, ended_by) ON maintenance_windows TO ${MONITOR}`,
  `GRANT UPDATE (revoked_ms) ON api_tokens TO ${MONITOR}`,
  `GRANT EXECUTE ON FUNCTION ${PRUNE}, ${OF_MONITORS} TO ${MONITOR}`,
  `GRANT USAGE ON SCHEMA grafana TO ${GRAFANA}`,
  `GRANT SELECT ON ALL TABLES IN SCHEMA grafana TO ${GRAFANA}`,
  // a view runs its functions with the rights of whoever asks
  `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA grafana TO ${GRAFANA}`,
];

/**
 * For the login of Grafana itself: members inherit a role's rights and none of its settings. A query that somebody typed
 * into a panel ends, and changes nothing.
 */
export const GRAFANA_SETTINGS: Readonly<Record<string, string>> = {
  default_transaction_read_only: 'on',
  statement_timeout: '15s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '30s',
};

/** Statements that give a login those settings. */
export const grafanaSettings = (login: string): string[] =>
  Object.entries(GRAFANA_SETTINGS).map(([name, value]) => `ALTER ROLE ${login} SET ${name} = '${value}'`);

/** For an administrator, when whoever migrates may not create roles. */
export function rolesScript(): string {
  const text = (statements: readonly string[]) => statements.map((statement) => `${statement};`).join('\n');
  return `-- The roles of Tidewatch, for an administrator to run in its database after \`tidewatch migrate\`; again at will.
-- They cannot log in. For each program make a login that is a member of one, such as:
--   CREATE ROLE my_worker LOGIN PASSWORD '…' IN ROLE ${WORKER};
-- and for Grafana, which also needs settings of its own:
--   CREATE ROLE my_grafana LOGIN PASSWORD '…' CONNECTION LIMIT 20 IN ROLE ${GRAFANA};
${grafanaSettings('my_grafana')
  .map((statement) => `--   ${statement};`)
  .join('\n')}
BEGIN;

-- needs CREATEROLE
${text(CREATE_ROLES)}

-- needs the owner of the tables, the login that runs \`tidewatch migrate\`
${text(GRANTS)}

COMMIT;
`;
}

export interface RolesReport {
  /** Made by this call. */
  created: string[];
  /** Not there, because we may not create roles. Nothing was granted then. */
  missing: string[];
  /** Whether every role has exactly its rights. */
  granted: boolean;
}

/** Which roles are missing, and whether this login could make them. */
export async function rolesState(pool: Pick<pg.Pool, 'query'>): Promise<{ missing: string[]; mayCreate: boolean }> {
  const { rows } = await pool.query<{ missing: string[]; may: boolean }>(
    `SELECT ARRAY(SELECT r FROM unnest($1::text[]) AS r WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r)) AS missing,
       (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may`,
    [ROLES],
  );
  return { missing: rows[0]!.missing, mayCreate: rows[0]!.may };
}

/**
 * Makes the roles that are missing, if this login may, and gives each exactly its rights, or nothing at all. To be called
 * after migrate(), by the same login. Throws TidewatchError database_unavailable.
 */
export async function ensureRoles(pool: pg.Pool): Promise<RolesReport> {
  const client = await pool.connect().catch((error) => {
    throw databaseError(error);
  });
  let failure: unknown;
  try {
    const { missing, mayCreate } = await rolesState(client as unknown as Pick<pg.Pool, 'query'>);
    if (missing.length > 0 && !mayCreate) return { created: [], missing, granted: false };
    await client.query('SET client_min_messages = error; BEGIN');
    await client.query('SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0');
    await client.query('SELECT pg_advisory_xact_lock($1)', [ROLES_LOCK]);
    for (const statement of [...(missing.length > 0 ? CREATE_ROLES : []), ...GRANTS]) await client.query(statement);
    await client.query('COMMIT');
    return { created: missing, missing: [], granted: true };
  } catch (error) {
    failure = error;
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE)
      throw new TidewatchError(
        'database_refused',
        'this login owns not all tables; run migrate as the login that ran it first',
        { cause: error },
      );
    throw databaseError(error);
  } finally {
    client.release(failure instanceof Error ? failure : true);
  }
}
