import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll } from 'vitest';
import { openPool } from '../../store/pool.ts';
import type { ROLES } from '../../store/roles.ts';
import type { TestDatabase } from '../postgres.ts';

/** A pool of a fresh login that is a member of the role and nothing else; without a role, of nothing at all. */
export async function loginOf(
  database: TestDatabase,
  role: (typeof ROLES)[number] | null,
  attributes = '',
): Promise<{ pool: pg.Pool; url: string; name: string }> {
  const name = `test_login_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await database.pool.query(`CREATE ROLE ${name} LOGIN ${attributes} PASSWORD '${password}'`);
  if (role !== null) await database.pool.query(`GRANT ${role} TO ${name}`);
  const url = new URL(database.url);
  url.username = name;
  url.password = password;
  const pool = openPool(url.href);
  // before the hook that drops the database, which was registered earlier and so runs later
  afterAll(async () => {
    await pool.end();
    await database.pool.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  });
  return { pool, url: url.href, name };
}
