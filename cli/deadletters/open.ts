import type { Config } from '../../core/config/root.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { DeadLetterFilter, DeadLetterStore, DeadLetterSummary } from '../../monitor/ports.ts';
import { PostgresDeadLetters } from '../../store/dead-letters.ts';
import { findPostgres } from '../../store/embedded.ts';
import { openPool } from '../../store/pool.ts';
import { PostgresReader } from '../../store/reader.ts';

const PAGE = 1_000;

export interface Opened {
  letters: DeadLetterStore;
  reader: PostgresReader;
  close(): Promise<void>;
}

/** The dead letters of a configuration's database, or of the embedded one that runs. Throws database_unavailable. */
export async function openLetters({ database }: Config): Promise<Opened> {
  const url = database.url ?? (await findPostgres(database.dir));
  if (url === null)
    throw new TidewatchError(
      'database_unavailable',
      'no database.url is configured, and no embedded server runs; start `tidewatch up`',
    );
  const pool = openPool(url, { max: 2, applicationName: 'tidewatch deadletters' });
  return { letters: new PostgresDeadLetters(pool), reader: new PostgresReader(pool), close: () => pool.end() };
}

/** Newest first, page by page, at most so many. */
export async function everyLetter(
  store: DeadLetterStore,
  filter: DeadLetterFilter,
  limit: number,
): Promise<DeadLetterSummary[]> {
  const all: DeadLetterSummary[] = [];
  for (let after: string | undefined; all.length < limit; after = all.at(-1)!.id) {
    const page = await store.list(filter, {
      limit: Math.min(PAGE, limit - all.length),
      ...(after !== undefined && { after }),
    });
    all.push(...page);
    if (page.length < PAGE) break;
  }
  return all;
}
