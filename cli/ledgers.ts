import { relative } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { Config } from '../core/config/root.ts';
import { TidewatchError } from '../core/errors.ts';
import type { GetEvidence } from '../monitor/ledger/evidence.ts';
import type { LedgerEntry, MonitorStore } from '../monitor/store.ts';
import { savedRuns } from '../scenarios/monitor/saved.ts';
import { findPostgres } from '../store/embedded.ts';
import { PostgresMonitorStore } from '../store/monitor-store.ts';
import { openPool } from '../store/pool.ts';
import { loadConfig } from './load-config.ts';

const PAGE = 1_000;

export interface LedgerSource {
  /** Folder of a scenario's run; `database` otherwise. */
  name: string;
  /** Oldest first. */
  entries(): AsyncIterable<LedgerEntry>;
  decision(id: string): Promise<LedgerEntry | null>;
  evidence: GetEvidence;
}

export interface LedgerOptions {
  file?: string;
  from?: string;
}

/** The ledgers below a folder, or the one of the database. Throws file_missing, database_unavailable. */
export async function withLedgers<T>(options: LedgerOptions, use: (ledgers: LedgerSource[]) => Promise<T>): Promise<T> {
  if (options.from !== undefined) return use(await ledgersIn(options.from));
  return withMonitorStore(options.file, (store) =>
    use([
      {
        name: 'database',
        entries: () => paged(store),
        decision: (id) => store.decision(id),
        evidence: (sha256) => store.evidence(sha256),
      },
    ]),
  );
}

/** What the monitor keeps in the database of a configuration. Throws database_unavailable. */
export async function withMonitorStore<T>(
  file: string | undefined,
  use: (store: MonitorStore, config: Config) => Promise<T>,
): Promise<T> {
  const { config } = loadConfig({ file });
  const url = config.database.url ?? (await findPostgres(config.database.dir));
  if (url === null) throw new TidewatchError('database_unavailable', 'no embedded server runs; start `tidewatch up`');
  const pool = openPool(url);
  try {
    return await use(new PostgresMonitorStore(pool, systemClock), config);
  } finally {
    await pool.end();
  }
}

async function* paged(store: MonitorStore): AsyncGenerator<LedgerEntry> {
  for (let fromSeq = 1; ; ) {
    const page = await store.ledger({ fromSeq, limit: PAGE });
    yield* page;
    if (page.length === 0) return;
    fromSeq = page.at(-1)!.seq + 1;
  }
}

async function ledgersIn(dir: string): Promise<LedgerSource[]> {
  const runs = await savedRuns(dir);
  return runs.map(({ dir: at, ledger, evidence }) => ({
    name: relative(dir, at) || at,
    entries: async function* () {
      yield* ledger;
    },
    decision: async (id) =>
      (id === 'latest' ? ledger.at(-1) : ledger.find(({ decision }) => decision.id === id)) ?? null,
    evidence,
  }));
}

/** A decision by its id; `latest`: the one that was written down last. Throws not_found. */
export async function findDecision(
  ledgers: readonly LedgerSource[],
  id: string,
): Promise<{ entry: LedgerEntry; ledger: LedgerSource }> {
  let found: { entry: LedgerEntry; ledger: LedgerSource } | null = null;
  for (const ledger of ledgers) {
    const entry = await ledger.decision(id);
    if (entry !== null && (found === null || entry.recordedMs > found.entry.recordedMs)) found = { entry, ledger };
  }
  if (found === null) throw new TidewatchError('not_found', id === 'latest' ? 'a decision' : `decision ${id}`);
  return found;
}
