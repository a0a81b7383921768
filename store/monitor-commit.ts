import type pg from 'pg';
import { boundedDocument, checkCommit, rolesOf } from '../monitor/commit.ts';
import type { Commit } from '../monitor/store.ts';
import type { MonitorState, Serving } from '../monitor/types.ts';
import { jsonText, storable } from './encode.ts';
import { appendDecisions } from './ledger.ts';
import { writeMessages } from './outbox.ts';
import { inTransaction } from './transaction.ts';

const FENCE = 'SELECT 1 FROM monitor_hold WHERE one = 1 AND fence = $1 FOR UPDATE';

const TAKE_INPUT = `
INSERT INTO monitor_inputs (stream, key, version, at_ms, input, before)
SELECT $1, $2, $3::int8, $4::int8, $5::json, (SELECT state FROM monitor_states WHERE stream = $1 AND $5 IS NOT NULL)
ON CONFLICT DO NOTHING`;

/** expected 0: there is no state yet. */
const WRITE_STATE = `
INSERT INTO monitor_states AS s (stream, version, at_ms, state)
SELECT $1, $3, $4, $5::json WHERE $2::int8 = 0 OR EXISTS (SELECT 1 FROM monitor_states WHERE stream = $1)
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, at_ms = excluded.at_ms, state = excluded.state
WHERE s.version = $2::int8`;

const WRITE_OBSERVATION = `
INSERT INTO observations (stream, at_ms, observation) VALUES ($1, $2, $3::json) ON CONFLICT DO NOTHING`;

const WRITE_SERVING = `
WITH changed AS (
  INSERT INTO serving AS s (stream, revision, at_ms, last_good, serving) VALUES ($1, $2, $3, $4, $5::json)
  ON CONFLICT (stream) DO UPDATE SET revision = excluded.revision, at_ms = excluded.at_ms,
    last_good = excluded.last_good, serving = excluded.serving
  WHERE s.revision < excluded.revision RETURNING *
)
INSERT INTO serving_history (stream, revision, at_ms, last_good, serving)
SELECT stream, revision, at_ms, last_good, serving FROM changed`;

const WRITE_ROLE = `
INSERT INTO model_roles AS r (stream, role, model_id, since_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (stream, role) DO UPDATE SET model_id = excluded.model_id, since_ms = excluded.since_ms
WHERE r.model_id <> excluded.model_id`;

/** All that a commit says, in one transaction, for the holder of the fence. */
export async function writeCommit(
  pool: Pick<pg.Pool, 'connect'>,
  fence: number,
  commit: Commit,
  recordedMs: number,
): Promise<'committed' | 'known' | 'fenced'> {
  checkCommit(commit);
  const { stream, state, serving } = commit;
  const stateText = boundedDocument(`the state of ${stream}`, jsonText(state));
  const observation = commit.observation && boundedDocument('an observation', jsonText(commit.observation));
  const atMs = Math.floor(state.atMs);
  return inTransaction(pool, async (client) => {
    // the row is locked, so commits come one after the other, and a hold waits until this one has ended
    if ((await client.query(FENCE, [fence])).rowCount !== 1) return 'fenced';
    const input = [stream, storable(commit.input), state.version, atMs, recordText(commit)];
    if ((await client.query(TAKE_INPUT, input)).rowCount !== 1) return 'known';
    const written = await client.query(WRITE_STATE, [stream, commit.expected, state.version, atMs, stateText]);
    if (written.rowCount !== 1) throw await otherVersion(client, stream, commit.expected);
    if (commit.observation)
      await client.query(WRITE_OBSERVATION, [stream, Math.floor(commit.observation.atMs), observation]);
    await appendDecisions(client, commit, recordedMs);
    if (serving) await writeServing(client, stream, serving, state, recordedMs);
    await writeMessages(client, commit.outbox);
    return 'committed';
  });
}

/** The input as it is kept: an observation has a row of its own. */
function recordText({ stream, record }: Commit): string | null {
  if (record === undefined) return null;
  const kept = record.kind === 'observation' ? { ...record, observation: { atMs: record.observation.atMs } } : record;
  return boundedDocument(`an input of ${stream}`, jsonText(kept));
}

async function otherVersion(client: pg.ClientBase, stream: string, expected: number): Promise<Error> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM monitor_states WHERE stream = $1', [
    stream,
  ]);
  return new Error(`the state of ${stream} is at version ${rows[0]?.version ?? 0}, not ${expected}`);
}

async function writeServing(
  client: pg.ClientBase,
  stream: string,
  serving: Serving,
  state: MonitorState,
  recordedMs: number,
): Promise<void> {
  const lastGood = state.lastGood?.modelId ?? null;
  const values = [stream, serving.revision, Math.floor(state.atMs), lastGood, jsonText(serving)];
  if ((await client.query(WRITE_SERVING, values)).rowCount !== 1)
    throw new Error(`what serves ${stream} is at revision ${serving.revision} or above, and must rise from there`);
  for (const [role, model] of rolesOf(serving, state.lastGood)) {
    if (model === null) {
      await client.query('DELETE FROM model_roles WHERE stream = $1 AND role = $2', [stream, role]);
      continue;
    }
    const known = await client.query('SELECT 1 FROM models WHERE id = $1', [model.modelId]);
    if (known.rowCount !== 1) throw new Error(`the ${role} of ${stream}, ${model.modelId}, is not in the registry`);
    await client.query(WRITE_ROLE, [stream, role, model.modelId, recordedMs]);
  }
}
