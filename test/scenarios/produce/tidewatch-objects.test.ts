import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tidewatchJsonDecoder } from '../../../ingest/decode/tidewatch-json.ts';
import { shiftTimes, splitByEntity } from '../../../scenarios/produce/tidewatch-objects.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const split = (record: string) => {
  const parts = splitByEntity(utf8(record));
  return parts && Object.fromEntries([...parts].map(([entity, bytes]) => [entity, text(bytes)]));
};

/** What a worker finds in records: each measurement with its entity and time, and how many faults. */
function found(records: readonly Uint8Array[]) {
  const decode = tidewatchJsonDecoder();
  const points: string[] = [];
  let faults = 0;
  const sink = {
    sample: (s: { entity: string; timeMs: number; names: string[]; values: number[] }) =>
      s.names.forEach((name, i) => {
        points.push(`${s.entity} ${s.timeMs} ${name} ${s.values[i]}`);
      }),
    cumulative: (c: { entity: string; timeMs: number; metric: string }) =>
      points.push(`${c.entity} ${c.timeMs} ${c.metric}`),
    event: (e: { entity: string; timeMs: number; body: string }) => points.push(`${e.entity} ${e.timeMs} ${e.body}`),
    fault: () => {
      faults++;
    },
  };
  for (const record of records) decode(record, 0, sink);
  return { points: points.sort(), faults };
}

const object = fc.oneof(
  fc.record({
    entity: fc.constantFrom('a', 'b', 'ü'),
    time: fc.nat(),
    values: fc.dictionary(fc.constantFrom('x', 'y'), fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minKeys: 1,
    }),
  }),
  fc.record({ entity: fc.constantFrom('a', 'b'), time: fc.constant('2026-01-05T00:00:00Z'), body: fc.string() }),
  fc.record({ time: fc.nat() }),
  fc.record({ entity: fc.nat(), time: fc.nat() }),
);

test('a list of several entities becomes a record each, and what names no entity one of its own', () => {
  expect(split('[{"entity":"a","n":1},{"entity":"b","n":2},{"entity":"a","n":3},{"n":4},7]')).toEqual({
    a: '[{"entity":"a","n":1},{"entity":"a","n":3}]',
    b: '{"entity":"b","n":2}',
    '': '[{"n":4},7]',
  });
});

test('one object a line becomes lines, and a broken line stays what it is', () => {
  expect(split('{"entity":"a","n":1}\n{"entity":"b"}\n{"entity":"a","n":2}\n{"ent')).toEqual({
    a: '{"entity":"a","n":1}\n{"entity":"a","n":2}',
    b: '{"entity":"b"}',
    '': '{"ent',
  });
});

test('what is no JSON, no UTF-8, or too deep to write again is left as it is', () => {
  expect(split('{"entity":')).toBeNull();
  expect(splitByEntity(Uint8Array.of(0xff, 0xfe))).toBeNull();
  const deep = `{"entity":"a","time":1,"x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
  expect(splitByEntity(utf8(deep))).toBeNull();
  expect(text(shiftTimes(utf8(deep), 5))).toBe(deep);
  expect(text(shiftTimes(utf8('{"time":'), 5))).toBe('{"time":');
});

test('no measurement and no fault is lost or made by taking a record apart', () => {
  fc.assert(
    fc.property(fc.array(object, { minLength: 1, maxLength: 6 }), fc.boolean(), (objects, lines) => {
      const record = utf8(lines ? objects.map((o) => JSON.stringify(o)).join('\n') : JSON.stringify(objects));
      expect(found([...splitByEntity(record)!.values()])).toEqual(found([record]));
    }),
  );
});

test('times move by the shift and nothing else does', () => {
  fc.assert(
    fc.property(
      fc.array(object, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 1e9 }),
      (objects, shiftMs) => {
        const record = utf8(JSON.stringify(objects));
        const moved = found([shiftTimes(record, shiftMs)]);
        const back = (point: string) => point.replace(/^(\S+) (\d+)/, (_, e, t) => `${e} ${Number(t) + shiftMs}`);
        expect(moved).toEqual({ points: found([record]).points.map(back).sort(), faults: found([record]).faults });
      },
    ),
  );
});

test('the start of totals moves with their time, and text becomes a number', () => {
  const record = '{"entity":"a","time":"2026-01-05T00:00:01Z","since":"2026-01-05T00:00:00Z","totals":{"n":1}}';
  const at = Date.UTC(2026, 0, 5);
  expect(text(shiftTimes(utf8(record), 500))).toBe(
    `{"entity":"a","time":${at + 1_500},"since":${at + 500},"totals":{"n":1}}`,
  );
});
