import { type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Verdict } from '../core/types.ts';

type Identity = Pick<Verdict, 'windowStartMs' | 'windowMs' | 'schemaVersion'>;

/** Of stream and entity, 16 hex digits, as the index entity_status_by_digest has it. */
export const digestOf = (table: { stream: AnyPgColumn; entity: AnyPgColumn }): SQL<string> =>
  sql<string>`substr(md5(${table.stream} || chr(31) || ${table.entity}), 1, 16)`;

/**
 * The id by which links and `explain verdict ID` name a verdict: the digest, then start, length and schema version in
 * base 36. It leads to the verdict by way of the list of entities, so that the verdicts need no index for it.
 */
export const storedVerdictId = (digest: string, v: Identity): string =>
  [digest, ...[v.windowStartMs, v.windowMs, v.schemaVersion].map((n) => n.toString(36))].join('.');

/** null for what is no such id. */
export function verdictIdParts(id: string): (Identity & { digest: string }) | null {
  const found = /^([0-9a-f]{16})\.(-?[0-9a-z]{1,10})\.([0-9a-z]{1,10})\.([0-9a-z]{1,5})$/.exec(id);
  if (!found) return null;
  const [windowStartMs, windowMs, schemaVersion] = found.slice(2).map((n) => Number.parseInt(n, 36));
  return { digest: found[1]!, windowStartMs: windowStartMs!, windowMs: windowMs!, schemaVersion: schemaVersion! };
}
