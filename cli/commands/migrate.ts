import { TidewatchError } from '../../core/errors.ts';
import { type MigrationState, migrate, migrationState } from '../../store/migrate.ts';
import { openPool } from '../../store/pool.ts';
import { ensureRoles, ROLES, type RolesReport, rolesScript, rolesState } from '../../store/roles.ts';
import { type AddCommand, examples } from '../command.ts';
import { loadConfig } from '../load-config.ts';
import { print, printJson } from '../ui/output.ts';

interface Options {
  file?: string;
  dryRun?: boolean;
  printRoles?: boolean;
  json?: boolean;
}

export const migrateCommand: AddCommand = (program) => {
  program
    .command('migrate')
    .description(
      'Bring the tables and roles of database.url to this version. The embedded PostgreSQL needs no such thing.',
    )
    .option('-f, --file <file>', 'configuration to read (default: tidewatch.yaml, where there is one)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--print-roles', 'print the statements that make the roles, for an administrator; needs no database')
    .option('--json', 'for scripts: {from, to, applied, roles, dryRun}')
    .addHelpText(
      'after',
      examples(
        ['tidewatch migrate', 'as the login that owns the tables; again at will, one at a time'],
        ['tidewatch migrate --dry-run', 'what it would do'],
        ['tidewatch migrate --print-roles', 'where the login may not create roles'],
      ),
    )
    .action(run);
};

interface Outcome extends MigrationState {
  roles: RolesReport;
  dryRun: boolean;
}

async function run(options: Options): Promise<void> {
  if (options.printRoles) return print(rolesScript().trimEnd());
  const { url } = loadConfig({ file: options.file }).config.database;
  if (url === undefined)
    throw new TidewatchError(
      'config_invalid',
      'migrate needs database.url (or TIDEWATCH_DATABASE_URL_FILE). Without one, `tidewatch up` runs its own PostgreSQL and migrates it by itself.',
    );
  const pool = openPool(url, { max: 2, applicationName: 'tidewatch migrate' });
  try {
    const outcome = options.dryRun ? await plan(pool) : await carryOut(pool);
    if (options.json) {
      const { pending: applied, ...rest } = outcome;
      printJson({ ...rest, applied });
    } else tell(outcome);
  } finally {
    await pool.end();
  }
}

type Pool = ReturnType<typeof openPool>;

async function carryOut(pool: Pool): Promise<Outcome> {
  const state = await migrate(pool);
  return { ...state, roles: await ensureRoles(pool), dryRun: false };
}

async function plan(pool: Pool): Promise<Outcome> {
  const state = await migrationState(pool);
  const { missing, mayCreate } = await rolesState(pool);
  const roles = missing.length === 0 || mayCreate ? { created: missing, missing: [] } : { created: [], missing };
  return { ...state, roles: { ...roles, granted: roles.missing.length === 0 }, dryRun: true };
}

function tell({ from, to, pending, roles, dryRun }: Outcome): void {
  const would = dryRun ? 'would be ' : '';
  if (pending.length === 0) print(`Tables: at ${to}, nothing to do.`);
  else {
    print(`Tables: ${from ?? 'none'} → ${to}`);
    for (const tag of pending) print(`  ${would}applied: ${tag}`);
  }
  if (roles.missing.length > 0) {
    print(`Roles: ${roles.missing.join(', ')} missing, and this login may not create roles.`);
    print('  An administrator must run what `tidewatch migrate --print-roles` prints. Nothing was granted.');
    return;
  }
  if (roles.created.length > 0) print(`Roles: ${would}created: ${roles.created.join(', ')}`);
  else print(`Roles: ${ROLES.join(', ')} are there.`);
  print(`  rights ${would}given anew, exactly those of each duty`);
}
