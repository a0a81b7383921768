import type { DeadLetter, RecordHeaders } from '../ingest/ports.ts';
import { storable } from './encode.ts';
import { FENCE, MAX_ROWS_PER_STATEMENT, type Queryable, type Writer } from './fence.ts';
import { byteas, int4s, int8s, texts } from './pg-arrays.ts';

const INSERT_DEAD_LETTERS = `
WITH ${FENCE}
INSERT INTO dead_letters (stream, partition, at_offset, point, code, detail, received_ms, append_ms, topic, key, value, headers, entity, metric, time_ms)
SELECT $1, u.partition, u.at_offset, u.point, u.code, u.detail, $4, u.append_ms, $5, u.key, u.value, u.headers::json,
  u.entity, u.metric, u.time_ms
FROM open, unnest($6::int4[], $7::int8[], $8::int4[], $9::text[], $10::text[], $11::int8[], $12::bytea[], $13::bytea[], $14::text[],
  $15::text[], $16::text[], $17::int8[])
  AS u(partition, at_offset, point, code, detail, append_ms, key, value, headers, entity, metric, time_ms)
ON CONFLICT DO NOTHING`;

/** JSON that has every name and every byte: a name may hold what PostgreSQL's text cannot, which JSON escapes. */
export function headersJson(headers: RecordHeaders | undefined): string | null {
  if (headers === undefined) return null;
  return JSON.stringify(
    headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value).toString('base64')]),
  );
}

export function readHeaders(stored: readonly (readonly [string, string | null])[]): RecordHeaders {
  return stored.map(([name, value]) => [name, value === null ? null : new Uint8Array(Buffer.from(value, 'base64'))]);
}

export interface Received {
  atMs: number;
  /** Where the records came from, if that is a Kafka topic. */
  topic: string | null;
}

export async function writeDeadLetters(
  pool: Queryable,
  stream: string,
  letters: readonly DeadLetter[],
  received: Received,
  { partition, epoch }: Writer,
): Promise<void> {
  for (let at = 0; at < letters.length; at += MAX_ROWS_PER_STATEMENT) {
    const rows = letters.slice(at, at + MAX_ROWS_PER_STATEMENT);
    await pool.query({
      name: 'tw_insert_dead_letters',
      text: INSERT_DEAD_LETTERS,
      values: [
        storable(stream),
        partition,
        epoch,
        received.atMs,
        received.topic,
        int4s(rows.map((d) => d.partition)),
        int8s(rows.map((d) => d.offset)),
        int4s(rows.map((d) => d.point)),
        texts(rows.map((d) => d.fault.code)),
        texts(rows.map((d) => storable(d.fault.detail))),
        int8s(rows.map((d) => d.appendMs)),
        byteas(rows.map((d) => d.key)),
        byteas(rows.map((d) => d.value)),
        texts(rows.map((d) => headersJson(d.headers))),
        texts(rows.map(({ at }) => (at?.entity === undefined ? null : storable(at.entity)))),
        texts(rows.map(({ at }) => (at?.metric === undefined ? null : storable(at.metric)))),
        rows.map(({ at }) => at?.timeMs ?? null),
      ],
    });
  }
}
