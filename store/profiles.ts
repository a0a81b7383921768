import type { IntervalProfile } from '../core/types.ts';
import { storable } from './encode.ts';
import { FENCE, type Queryable, type Writer } from './fence.ts';
import { byteas, int4s, int8s, texts } from './pg-arrays.ts';

/** Of one profile; a thousand features are about a megabyte. */
export const MAX_PROFILE_BYTES = 16_000_000;
/** Bounds what one statement carries. */
const MAX_BYTES_PER_STATEMENT = 8_000_000;

/** The first one of an identity stays; a later one with other bytes is counted. */
const INSERT_PROFILES = `
WITH ${FENCE}, given AS (
  SELECT * FROM unnest($4::int8[], $5::int4[], $6::int8[], $7::int8[], $8::text[], $9::bytea[])
    AS u(start_ms, partition, sequence, end_ms, model_id, bytes)
), inserted AS (
  INSERT INTO interval_profiles (stream, start_ms, partition, sequence, end_ms, model_id, bytes)
  SELECT $1, g.* FROM open, given g ON CONFLICT DO NOTHING
)
SELECT EXISTS (SELECT 1 FROM open) AS open, count(p.bytes) AS divergent
FROM given g JOIN interval_profiles p ON p.stream = $1 AND p.start_ms = g.start_ms AND p.partition = g.partition
  AND p.sequence = g.sequence AND p.bytes <> g.bytes`;

/**
 * Writes profiles of one stream, each once. Returns how many are stored with other bytes under the same identity, and how
 * many were left out because they exceed MAX_PROFILE_BYTES.
 */
export async function writeProfiles(
  pool: Queryable,
  stream: string,
  profiles: readonly IntervalProfile[],
  { partition, epoch }: Writer,
): Promise<{ divergent: number; tooLarge: number } | 'fenced'> {
  const fitting = profiles.filter(({ bytes }) => bytes.length <= MAX_PROFILE_BYTES);
  let divergent = 0;
  for (const rows of portions(fitting)) {
    const result = await pool.query<{ open: boolean; divergent: number }>({
      name: 'tw_insert_profiles',
      text: INSERT_PROFILES,
      values: [
        storable(stream),
        partition,
        epoch,
        int8s(rows.map((p) => p.startMs)),
        int4s(rows.map((p) => p.partition)),
        int8s(rows.map((p) => p.sequence)),
        int8s(rows.map((p) => p.endMs)),
        texts(rows.map((p) => storable(p.modelId))),
        byteas(rows.map((p) => p.bytes)),
      ],
    });
    if (!result.rows[0]!.open) return 'fenced';
    divergent += result.rows[0]!.divergent;
  }
  return { divergent, tooLarge: profiles.length - fitting.length };
}

function* portions(profiles: readonly IntervalProfile[]): Generator<IntervalProfile[]> {
  let portion: IntervalProfile[] = [];
  let sizeBytes = 0;
  for (const profile of profiles) {
    if (portion.length > 0 && sizeBytes + profile.bytes.length > MAX_BYTES_PER_STATEMENT) {
      yield portion;
      portion = [];
      sizeBytes = 0;
    }
    portion.push(profile);
    sizeBytes += profile.bytes.length;
  }
  if (portion.length > 0) yield portion;
}
