import type pg from 'pg';
import { chained, FIRST_PREVIOUS } from '../monitor/ledger/chain.ts';
import type { Commit, LedgerEntry } from '../monitor/store.ts';
import type { Decision } from '../monitor/types.ts';
import { jsonText } from './encode.ts';
import { byteas, texts } from './pg-arrays.ts';

/** What a page of the ledger has at most. */
export const MAX_LEDGER_ROWS = 1_000;

const COLUMNS = 'seq, decision, evidence, previous, hash, recorded_ms';

const KEEP_EVIDENCE = `
INSERT INTO evidence (sha256, bytes, recorded_ms)
SELECT u.sha256, u.bytes, $3 FROM unnest($1::text[], $2::bytea[]) AS u(sha256, bytes) ON CONFLICT DO NOTHING`;

const APPEND = `
INSERT INTO decisions (seq, id, stream, at_ms, decision, evidence, previous, hash, recorded_ms)
VALUES ($1, $2, $3, $4, $5::json, $6, $7, $8, $9)`;

/** For the holder of the fence alone, in its transaction: whoever else appended meanwhile would break the chain. */
export async function appendDecisions(client: pg.ClientBase, commit: Commit, recordedMs: number): Promise<void> {
  if (commit.decisions.length === 0) return;
  for (const [sha256, bytes] of commit.evidence)
    await client.query(KEEP_EVIDENCE, [texts([sha256]), byteas([bytes]), recordedMs]);
  type Last = { seq: number; hash: string };
  const last = await client.query<Last>('SELECT seq, hash FROM decisions ORDER BY seq DESC LIMIT 1');
  let { seq, hash: previous } = last.rows[0] ?? { seq: 0, hash: FIRST_PREVIOUS };
  for (const { decision: given, evidence } of commit.decisions) {
    // hashed as it is stored, or text that cannot be stored would break the chain
    const text = jsonText(given);
    const decision = JSON.parse(text) as Decision;
    seq++;
    const hash = chained(previous, seq, decision, evidence, recordedMs);
    const { id, stream, atMs } = decision;
    await client.query(APPEND, [seq, id, stream, Math.floor(atMs), text, evidence, previous, hash, recordedMs]);
    previous = hash;
  }
}

type Row = Omit<LedgerEntry, 'recordedMs'> & { recorded_ms: number };
const entryOf = ({ recorded_ms, ...row }: Row): LedgerEntry => ({ ...row, recordedMs: recorded_ms });

/** Entries with fromSeq <= seq < toSeq, oldest first, at most limit and MAX_LEDGER_ROWS. */
async function readPage(
  pool: Pick<pg.Pool, 'query'>,
  stream: string | null,
  fromSeq: number,
  toSeq: number,
  limit: number,
): Promise<LedgerEntry[]> {
  const { rows } = await pool.query<Row>(
    `SELECT ${COLUMNS} FROM decisions WHERE seq >= $2 AND seq < $3 AND ($1::text IS NULL OR stream = $1) ORDER BY seq LIMIT $4`,
    [stream, fromSeq, toSeq, Math.min(limit, MAX_LEDGER_ROWS)],
  );
  return rows.map(entryOf);
}

export async function readLedger(
  pool: Pick<pg.Pool, 'query'>,
  filter: { stream?: string; fromSeq?: number; toSeq?: number; limit?: number },
): Promise<LedgerEntry[]> {
  const { stream = null, fromSeq = 1, toSeq = Number.MAX_SAFE_INTEGER, limit = Number.POSITIVE_INFINITY } = filter;
  const entries: LedgerEntry[] = [];
  let from = fromSeq;
  while (entries.length < limit) {
    const page = await readPage(pool, stream, from, toSeq, limit - entries.length);
    for (const entry of page) entries.push(entry);
    if (page.length < MAX_LEDGER_ROWS) break;
    from = page.at(-1)!.seq + 1;
  }
  return entries;
}

export async function readDecision(pool: Pick<pg.Pool, 'query'>, id: string): Promise<LedgerEntry | null> {
  const { rows } =
    id === 'latest'
      ? await pool.query<Row>(`SELECT ${COLUMNS} FROM decisions ORDER BY seq DESC LIMIT 1`)
      : await pool.query<Row>(`SELECT ${COLUMNS} FROM decisions WHERE id = $1`, [id]);
  return rows[0] ? entryOf(rows[0]) : null;
}

/** As stored, damaged or not: whoever verifies compares the hash, and says which it is. */
export async function readEvidence(pool: Pick<pg.Pool, 'query'>, sha256: string): Promise<Uint8Array | null> {
  const { rows } = await pool.query<{ bytes: Buffer }>('SELECT bytes FROM evidence WHERE sha256 = $1', [sha256]);
  return rows[0] ? Uint8Array.from(rows[0].bytes) : null;
}
