import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { TidewatchError } from '../../core/errors.ts';
import { encodeJson, encodeRecord, findEntry, readEntry } from '../../ingest/entry.ts';
import { headersBytes, readHeaders, writeHeaders } from '../../ingest/entry-headers.ts';
import type { RecordHeaders } from '../../ingest/ports.ts';
import { readRecording } from '../../ingest/recording.ts';
import { damaged, type Target } from './target.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const HEADERS: RecordHeaders = [
  ['traceparent', utf8('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')],
  ['ä', null],
  ['', new Uint8Array(0)],
];
const BLOCK = block(HEADERS);
const ENTRIES = [
  encodeRecord({ offset: 0, appendMs: 1000, key: null, value: utf8('{"entity":"a","time":1000,"values":{"x":1}}') }),
  encodeRecord({ offset: 1, appendMs: 1001, key: utf8('b'), value: utf8('value') }),
  encodeJson('control', '{"kind":"mode","mode":"fallback"}'),
  encodeRecord({ offset: 2, appendMs: 1002, key: new Uint8Array(0), value: new Uint8Array(0) }),
  encodeRecord({ offset: 3, appendMs: 1003, key: utf8('b'), value: utf8('value'), headers: HEADERS }),
  encodeRecord({ offset: 4, appendMs: 1004, key: utf8('b'), value: new Uint8Array(0), tombstone: true }),
];
const WHOLE = ENTRIES.map((bytes) => bytes.toString('latin1'));
const PLAIN = Buffer.concat([
  Buffer.from('TWREC001'),
  encodeJson('header', '{"version":1,"stream":"{}","createdBy":"test"}'),
  ...ENTRIES,
  encodeJson('control', '{"kind":"end","entries":6}'),
]);

function block(headers: RecordHeaders): Buffer {
  const bytes = Buffer.alloc(headersBytes(headers));
  writeHeaders(bytes, 0, headers);
  return bytes;
}

/** What no checksum guards here: bytes that are read as headers must be what these headers are written as. */
function checkHeaders(input: Uint8Array): string | null {
  const bytes = Buffer.from(input);
  const read = readHeaders(bytes, 0, bytes.length);
  if (read === null || block(read.headers).equals(bytes.subarray(0, read.end))) return null;
  return `${read.headers.length} headers that are written otherwise`;
}

/** Reads entries as the log does, skipping what is broken: each whole one must be one that was written. */
function checkEntries(input: Uint8Array): string | null {
  const bytes = Buffer.from(input);
  for (let at = 0; at >= 0 && at < bytes.length; ) {
    const read = readEntry(bytes, at);
    if (read.ok) {
      if (!WHOLE.includes(bytes.toString('latin1', at, at + read.size))) return `an entry nobody wrote at byte ${at}`;
      at += read.size;
    } else at = findEntry(bytes, at + 1);
  }
  return null;
}

/** Either the entries that were written, or recording_corrupt. */
async function checkRecording(input: Uint8Array): Promise<string | null> {
  try {
    const { entries } = await readRecording(Readable.from([Buffer.from(input)], { objectMode: false }), 'fuzz');
    let count = 0;
    for await (const _entry of entries) count++;
    return gunzipSync(input, { finishFlush: 2 }).equals(PLAIN) ? null : `${count} entries of damaged bytes were taken`;
  } catch (cause) {
    if (cause instanceof TidewatchError && cause.code === 'recording_corrupt') return null;
    throw cause;
  }
}

export const recordingTargets: readonly Target[] = [
  { name: 'entries', share: 0.06, inputs: (seed) => damaged(seed, [Buffer.concat(ENTRIES)]), check: checkEntries },
  { name: 'headers', share: 0.03, inputs: (seed) => damaged(seed, [BLOCK]), check: checkHeaders },
  {
    name: 'recording',
    share: 0.01,
    inputs: function* (seed) {
      const packed = damaged(seed, [gzipSync(PLAIN)]);
      for (const plain of damaged(seed, [PLAIN])) {
        yield gzipSync(plain, { level: 1 });
        yield packed.next().value as Uint8Array;
      }
    },
    check: checkRecording,
  },
];
