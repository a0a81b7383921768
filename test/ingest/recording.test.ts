import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openRecording, type RecordingEntry, RecordingWriter, readRecording } from '../../ingest/recording.ts';

const dir = mkdtempSync(join(tmpdir(), 'tidewatch-recording-'));
afterAll(() => rmSync(dir, { recursive: true }));

const header = { stream: '{"name":"s"}', createdBy: 'tidewatch test' };
const utf8 = (text: string) => new TextEncoder().encode(text);
const sampleEntries = (count: number): RecordingEntry[] =>
  Array.from({ length: count }, (_, i) =>
    i % 10 === 9
      ? { kind: 'control', json: `{"kind":"watermark","toMs":${i}}` }
      : { kind: 'record', offset: i, appendMs: 1000 + i, key: i % 3 ? utf8(`e${i}`) : null, value: utf8(`value ${i}`) },
  );

async function write(name: string, entries: RecordingEntry[]): Promise<string> {
  const path = join(dir, name);
  const writer = new RecordingWriter(path, header);
  for (const entry of entries) await (entry.kind === 'record' ? writer.record(entry) : writer.control(entry.json));
  await writer.close();
  return path;
}

async function collect(entries: AsyncIterable<RecordingEntry>): Promise<RecordingEntry[]> {
  const out: RecordingEntry[] = [];
  for await (const entry of entries) {
    if (entry.kind === 'control') out.push(entry);
    else {
      const [key, value] = [entry.key && new Uint8Array(entry.key), new Uint8Array(entry.value)];
      const headers = entry.headers?.map(([name, bytes]) => [name, bytes && new Uint8Array(bytes)] as const);
      out.push({ ...entry, key, value, ...(headers && { headers }) });
    }
  }
  return out;
}

const readBytes = async (bytes: Uint8Array) =>
  collect((await readRecording(Readable.from([Buffer.from(bytes)], { objectMode: false }), 'r')).entries);

test('what is written is read back, in order, records and control entries', async () => {
  const entries = sampleEntries(1000);
  const recording = await openRecording(await write('a.recording.gz', entries));
  expect(recording.header).toEqual({ version: 1, ...header });
  expect(await collect(recording.entries)).toEqual(entries);
});

test('any keys, values, headers and tombstones come back, in whatever chunks the bytes arrive', async () => {
  const entry = fc.record({
    offset: fc.nat(),
    appendMs: fc.nat(),
    key: fc.option(fc.uint8Array({ maxLength: 20 })),
    value: fc.uint8Array({ maxLength: 200 }),
    headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.option(fc.uint8Array({ maxLength: 9 }))), {
      maxLength: 4,
    }),
    tombstone: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 20 }), fc.integer({ min: 1, max: 64 }), async (records, chunk) => {
      const entries = records.map(
        ({ headers, tombstone, ...r }): RecordingEntry => ({
          kind: 'record',
          ...r,
          ...(headers.length > 0 && { headers }),
          ...(tombstone && { tombstone, value: new Uint8Array(0) }),
        }),
      );
      const bytes = readFileSync(await write('p.recording.gz', entries));
      const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
        bytes.subarray(i * chunk, (i + 1) * chunk),
      );
      const recording = await readRecording(Readable.from(chunks, { objectMode: false }), 'r');
      expect(await collect(recording.entries)).toEqual(entries);
    }),
    { numRuns: 30 },
  );
});

test('the same entries give the same bytes', async () => {
  const [a, b] = [await write('b1', sampleEntries(300)), await write('b2', sampleEntries(300))];
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
});

test('every flipped bit of the entries is found and its position named', async () => {
  const plain = gunzipSync(readFileSync(await write('c', sampleEntries(12))));
  for (let bit = 0; bit < plain.length * 8; bit += 3) {
    const damaged = Buffer.from(plain);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    await expect(readBytes(gzipSync(damaged, { level: 1 }))).rejects.toMatchObject({
      code: 'recording_corrupt',
      detail: expect.stringMatching(/byte \d+/),
    });
  }
});

test('a recording cut off anywhere is refused, compressed or not', async () => {
  const packed = readFileSync(await write('d', sampleEntries(12)));
  const plain = gunzipSync(packed);
  for (let cut = 0; cut < packed.length; cut += 7)
    await expect(readBytes(packed.subarray(0, cut))).rejects.toMatchObject({ code: 'recording_corrupt' });
  for (let cut = 0; cut < plain.length; cut += 7)
    await expect(readBytes(gzipSync(plain.subarray(0, cut)))).rejects.toMatchObject({ code: 'recording_corrupt' });
});

test('a missing file, and a file that is something else, are named', async () => {
  await expect(openRecording(join(dir, 'none'))).rejects.toMatchObject({ code: 'file_missing' });
  await expect(readBytes(gzipSync('a,b\n1,2\n'))).rejects.toThrow('it is no recording');
  await expect(readBytes(utf8('plain text'))).rejects.toMatchObject({ code: 'recording_corrupt' });
});

test('a recording that cannot be written says so', async () => {
  const writer = new RecordingWriter(join(dir, 'none', 'x'), header);
  await expect(writer.close()).rejects.toMatchObject({ code: 'internal' });
});

test('a reader that stops early closes its file', async () => {
  const recording = await openRecording(await write('e', sampleEntries(100)));
  for await (const entry of recording.entries) {
    expect(entry.kind).toBe('record');
    break;
  }
});
