import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { TidewatchError } from '../../core/errors.ts';
import { encodeJson, encodeRecord, findEntry, readEntry } from '../../ingest/entry.ts';
import { readRecording } from '../../ingest/recording.ts';
import { damaged, type Target } from './target.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const ENTRIES = [
  encodeRecord({ offset: 0, appendMs: 1000, key: null, value: utf8('{"entity":"a","time":1000,"values":{"x":1}}') }),
  encodeRecord({ offset: 1, appendMs: 1001, key: utf8('b'), value: utf8('value') }),
  encodeJson('control', '{"kind":"mode","mode":"fallback"}'),
  encodeRecord({ offset: 2, appendMs: 1002, key: new Uint8Array(0), value: new Uint8Array(0) }),
];
const WHOLE = ENTRIES.map((bytes) => bytes.toString('latin1'));
const PLAIN = Buffer.concat([
  Buffer.from('TWREC001'),
  encodeJson('header', '{"version":1,"stream":"{}","createdBy":"test"}'),
  ...ENTRIES,
  encodeJson('control', '{"kind":"end","entries":4}'),
]);

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
  { name: 'entries', share: 0.09, inputs: (seed) => damaged(seed, [Buffer.concat(ENTRIES)]), check: checkEntries },
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
