import pg from 'pg';
import { verdictHash } from '../core/hash.ts';
import type { Verdict } from '../core/types.ts';
import { CopyBuffer, CopyQuery } from './copy.ts';
import { jsonText } from './encode.ts';
import type { Writer } from './fence.ts';

const COLUMNS = [
  'stream',
  'entity',
  'window_start_ms',
  'window_ms',
  'schema_version',
  'partition',
  'source',
  'score',
  'p_value',
  'severity',
  'probation',
  'model_id',
  'calibration_version',
  'features_id',
  'content_hash',
  'attributions',
  'vals',
  'low',
  'high',
];
const COPY = `COPY verdicts (${COLUMNS.join(', ')}) FROM STDIN (FORMAT binary)`;
/** Of a row without its readings; a buffer that is too small grows. */
const ROW_BYTES = 320;
const READING_BYTES = 36;

/** SQLSTATE of hold_partition for a former owner. */
export const FENCED_STATE = 'TW001';

/**
 * Verdicts of which none is there yet, all or none: the fence and the rows are one transaction and one round trip.
 * It fails with 23505 (unique_violation) when one is there after all, and with FENCED_STATE.
 */
export function copyVerdicts(
  stream: string,
  verdicts: readonly Verdict[],
  featureIds: readonly string[],
  { partition, epoch }: Writer,
): CopyQuery {
  const features = verdicts[0]?.readings.features.length ?? 0;
  const buffer = new CopyBuffer(verdicts.length * (ROW_BYTES + features * READING_BYTES));
  for (let i = 0; i < verdicts.length; i++) {
    const v = verdicts[i]!;
    buffer.row(COLUMNS.length);
    buffer.text(stream);
    buffer.text(v.entity);
    buffer.int8(v.windowStartMs);
    buffer.int8(v.windowMs);
    buffer.int4(v.schemaVersion);
    buffer.int4(partition);
    buffer.text(v.source);
    buffer.float8(v.score);
    buffer.float8(v.pValue);
    buffer.float8(v.severity);
    buffer.bool(v.probation);
    buffer.text(v.modelId);
    buffer.int4(v.calibrationVersion);
    buffer.text(featureIds[i]!);
    buffer.text(verdictHash(v));
    if (v.attributions.length === 0) buffer.none();
    else buffer.jsonb(jsonText(v.attributions));
    buffer.float8s(v.readings.values);
    buffer.float8s(v.readings.low);
    buffer.float8s(v.readings.high);
  }
  const hold = epoch === null ? '' : `SELECT hold_partition(${pg.escapeLiteral(stream)}, ${partition}, ${epoch}); `;
  return new CopyQuery(`${hold}${COPY}`, buffer.finish());
}
