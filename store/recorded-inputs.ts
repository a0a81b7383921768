import type pg from 'pg';
import { TidewatchError } from '../core/errors.ts';
import type { Observation } from '../monitor/observation.ts';
import type { RecordedInputs } from '../monitor/store.ts';
import type { Input, MonitorState } from '../monitor/types.ts';

/** In memory at once; a simulation of more is one of several spans. */
export const MAX_INPUTS = 20_000;
/** Bounds the bytes that one statement brings. */
const PER_PAGE = 200;

const PAGE = `
SELECT i.version, i.input, o.observation FROM monitor_inputs i
LEFT JOIN observations o ON o.stream = i.stream AND i.input->>'kind' = 'observation'
  AND o.at_ms = (i.input->'observation'->>'atMs')::float8::int8
WHERE i.stream = $1 AND i.version > $2 AND i.at_ms >= $3 AND i.at_ms < $4 AND i.input IS NOT NULL
ORDER BY i.version LIMIT ${PER_PAGE}`;

const BEFORE = 'SELECT before FROM monitor_inputs WHERE stream = $1 AND version = $2';

/** MonitorStore.recorded. Throws TidewatchError request_invalid beyond MAX_INPUTS. */
export async function readRecorded(
  pool: Pick<pg.Pool, 'query'>,
  stream: string,
  fromMs: number,
  toMs: number,
): Promise<RecordedInputs> {
  const inputs: Input[] = [];
  let first: number | null = null;
  let after = -1;
  for (;;) {
    type Row = { version: number; input: Input; observation: Observation | null };
    const { rows } = await pool.query<Row>(PAGE, [stream, after, Math.ceil(fromMs), Math.ceil(toMs)]);
    for (const { version, input, observation } of rows) {
      if (input.kind === 'observation' && observation === null) {
        // retention took it: what is whole begins behind it
        inputs.length = 0;
        first = null;
        continue;
      }
      first ??= version;
      inputs.push(input.kind === 'observation' ? { ...input, observation: observation! } : input);
    }
    if (rows.length < PER_PAGE) break;
    if (inputs.length >= MAX_INPUTS)
      throw new TidewatchError('request_invalid', `the span has more than ${MAX_INPUTS} inputs; ask for a shorter one`);
    after = rows.at(-1)!.version;
  }
  if (first === null) return { before: null, inputs };
  const { rows } = await pool.query<{ before: MonitorState | null }>(BEFORE, [stream, first]);
  return { before: rows[0]?.before ?? null, inputs };
}
