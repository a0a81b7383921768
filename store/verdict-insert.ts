import { verdictHash } from '../core/hash.ts';
import type { Verdict } from '../core/types.ts';
import { jsonText, storable } from './encode.ts';
import { UPSERT_STATUS } from './entity-status.ts';
import { FENCE } from './fence.ts';
import { bools, float8s, int4s, int8s, texts } from './pg-arrays.ts';

/**
 * Verdicts of which some may be there already, and in the same statement the newest window of each entity. The float
 * arrays of all rows travel as one array each and are cut per row.
 */
export const INSERT_VERDICTS = `
WITH ${FENCE}, inserted AS (
  INSERT INTO verdicts (stream, partition, entity, window_start_ms, window_ms, schema_version, source, score, p_value,
    severity, probation, model_id, calibration_version, features_id, content_hash, attributions, vals, low, high)
  SELECT $1, $2::int4, u.entity, u.start_ms, u.window_ms, u.schema, u.source, u.score, u.p, u.severity,
    u.probation, u.model, u.calibration, u.features, u.hash, u.attributions::jsonb,
    ($9::float8[])[u.first:u.last], ($10::float8[])[u.first:u.last], ($11::float8[])[u.first:u.last]
  FROM open, unnest($12::text[], $13::int8[], $14::int8[], $15::int4[], $16::text[], $17::float8[], $18::float8[],
    $19::float8[], $20::bool[], $21::text[], $22::int4[], $23::text[], $24::text[], $25::text[], $26::int4[], $27::int4[])
    AS u(entity, start_ms, window_ms, schema, source, score, p, severity, probation, model, calibration, features,
      hash, attributions, first, last)
  ON CONFLICT DO NOTHING RETURNING 1
), ${UPSERT_STATUS}
SELECT (SELECT count(*) FROM inserted) AS inserted, EXISTS (SELECT 1 FROM open) AS open,
  (SELECT json_agg(split) FROM split) AS split`;

/**
 * What another partition wrote is no divergence: each half of a split entity is judged by the points that it got.
 * Parameters: stream, partition, then conflictColumns.
 */
export const COUNT_CONFLICTS = `
SELECT count(*) FILTER (WHERE NOT apart) AS divergent,
  json_agg(json_build_object('entity', entity, 'at_ms', start_ms)) FILTER (WHERE apart) AS split
FROM (
  SELECT u.entity, u.start_ms, v.partition <> $2::int4 IS TRUE AS apart
  FROM unnest($3::text[], $4::int8[], $5::int8[], $6::int4[], $7::text[]) AS u(entity, start_ms, window_ms, schema, hash)
  JOIN verdicts v ON v.stream = $1 AND v.entity = u.entity AND v.window_start_ms = u.start_ms
    AND v.window_ms = u.window_ms AND v.schema_version = u.schema
  WHERE v.content_hash <> u.hash
) AS conflicts`;

export interface VerdictColumns {
  /** Parameters $9 to $27 of INSERT_VERDICTS. */
  rows: unknown[];
  /** Parameters $3 to $7 of COUNT_CONFLICTS. */
  conflicts: unknown[];
}

/** featureIds: of each verdict, the id of its list of features. */
export function verdictColumns(verdicts: readonly Verdict[], featureIds: readonly string[]): VerdictColumns {
  const entities = texts(verdicts.map((v) => storable(v.entity)));
  const starts = int8s(verdicts.map((v) => v.windowStartMs));
  const lengths = int8s(verdicts.map((v) => v.windowMs));
  const schemas = int4s(verdicts.map((v) => v.schemaVersion));
  const hashes = texts(verdicts.map(verdictHash));

  const first: number[] = [];
  const last: number[] = [];
  let total = 0;
  for (const { readings } of verdicts) {
    first.push(total + 1);
    total += readings.features.length;
    last.push(total);
  }
  const flat = (pick: (v: Verdict) => Float64Array) => {
    const all = new Float64Array(total);
    verdicts.forEach((v, i) => {
      all.set(pick(v), first[i]! - 1);
    });
    return float8s(all);
  };

  const rows = [
    flat((v) => v.readings.values),
    flat((v) => v.readings.low),
    flat((v) => v.readings.high),
    entities,
    starts,
    lengths,
    schemas,
    texts(verdicts.map((v) => v.source)),
    float8s(verdicts.map((v) => v.score)),
    float8s(verdicts.map((v) => v.pValue)),
    float8s(verdicts.map((v) => v.severity)),
    bools(verdicts.map((v) => v.probation)),
    texts(verdicts.map((v) => storable(v.modelId))),
    int4s(verdicts.map((v) => v.calibrationVersion)),
    texts([...featureIds]),
    hashes,
    texts(verdicts.map((v) => (v.attributions.length === 0 ? null : jsonText(v.attributions)))),
    int4s(first),
    int4s(last),
  ];
  return { rows, conflicts: [entities, starts, lengths, schemas, hashes] };
}
