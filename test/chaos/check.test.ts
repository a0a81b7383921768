import { beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../core/config/parse.ts';
import { orThrow } from '../../core/errors.ts';
import { sha256Hex, verdictHash } from '../../core/hash.ts';
import { Random } from '../../core/random.ts';
import type { ControlChange, ControlEntry, Verdict } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { decoderFor } from '../../ingest/decode/index.ts';
import { type LogRecord, noOutputs } from '../../ingest/ports.ts';
import { check, type Remains } from './check.ts';
import { textOf } from './load.ts';
import { identityOf, resumed, undisturbed, wrongModelsOf } from './truth.ts';

const { config } = orThrow(parseConfig({ object: { streams: [{ name: 'chaos', topic: 'chaos' }] } }));
const stream = config.streams.find(({ name }) => name === 'chaos')!;
const START_MS = Date.UTC(2026, 0, 1);
const POISON_EVERY = 37;

function recordsOf(): LogRecord[] {
  const random = new Random(1);
  const out: LogRecord[] = [];
  for (let step = 0; step < 60; step++)
    for (let e = 0; e < 4; e++) {
      const timeMs = START_MS + step * 5_000;
      const good = JSON.stringify({ entity: `e${e}`, time: timeMs, values: { cpu: 20 + random.next() } });
      const text = out.length % POISON_EVERY === 5 ? good.slice(0, -3) : good;
      out.push({ offset: out.length, appendMs: timeMs + 20, key: Buffer.from(`e${e}`), value: Buffer.from(text) });
    }
  return out;
}

const log = recordsOf();
let verdicts: Verdict[] = [];

beforeAll(() => {
  const fold = new Fold(stream, decoderFor(stream), 0);
  const out = noOutputs();
  for (const record of log) fold.record(record, out);
  verdicts = out.verdicts;
});

/** What an undisturbed run of worker, database and broker leaves; `stored`: the log as the worker read it. */
function remains(stored: readonly LogRecord[] = log): Remains {
  const truth = undisturbed(stream, 0, log, [], new Map());
  const worked = undisturbed(stream, 0, stored, [], new Map());
  const end = log.at(-1)!.offset + 1;
  const logged = new Map(log.map(({ value }) => [textOf(value), 1]));
  const letters = worked.letters.map((letter) => ({ ...letter, code: letter.fault.code }));
  const incidents = (of: typeof truth) => new Map([...of.incidents].map(([id, i]) => [id, JSON.stringify(i)]));
  return {
    truths: new Map([[0, truth]]),
    ends: new Map([[0, end]]),
    logged,
    acknowledged: new Map(logged),
    stored: new Map([
      [0, { epoch: 3, controlSequence: 0, offsetNext: end, counters: worked.counters, state: worked.state }],
    ]),
    verdicts: new Map(worked.verdicts),
    doubledRows: 0,
    letters,
    topicLetters: letters.map((letter) => ({ ...letter, headers: letter.headers ?? [] })),
    incidents: incidents(worked),
    expectedIncidents: incidents(truth),
    looks: [
      { partition: 0, epoch: 1, offsetNext: 0, watermarkMs: 0 },
      { partition: 0, epoch: 3, offsetNext: end, watermarkMs: 1 },
    ],
    wrongModels: [],
    gone: [],
    lostRanges: [],
    resumedStates: new Map([[0, truth.state]]),
    peakRssMib: 200,
  };
}

const first = <K, V>(map: ReadonlyMap<K, V>): K => [...map.keys()][0]!;
const without = <K, V>(map: ReadonlyMap<K, V>, key: K): Map<K, V> => new Map([...map].filter(([k]) => k !== key));

test('finds nothing where nothing was disturbed, and there is something to compare', () => {
  const found = check(remains());
  expect(found.broken).toEqual([]);
  expect(found.verdicts).toBeGreaterThan(20);
  expect(remains().letters.length).toBeGreaterThan(3);
});

test('a lost verdict is found', () => {
  const all = remains();
  const found = check({ ...all, verdicts: without(all.verdicts, first(all.verdicts)) });
  expect(found).toMatchObject({ lost: 1, doubled: 0, differing: 0 });
  expect(found.broken.join()).toContain('I2');
});

test('a verdict too many is found, and a second row for one identity', () => {
  const all = remains();
  expect(check({ ...all, verdicts: new Map([...all.verdicts, ['e9 0', 'ff']]) })).toMatchObject({ doubled: 1 });
  expect(check({ ...all, doubledRows: 1 }).broken.join()).toContain('I3');
});

test('one wrong bit of a score is found', () => {
  const all = remains();
  const verdict = verdicts[0]!;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, verdict.score);
  view.setUint8(7, view.getUint8(7) ^ 1);
  const hash = verdictHash({ ...verdict, score: view.getFloat64(0) });
  const found = check({ ...all, verdicts: new Map([...all.verdicts, [identityOf(verdict), hash]]) });
  expect(found).toMatchObject({ lost: 0, doubled: 0, differing: 1 });
  expect(found.broken.join()).toContain('I4');
});

test('records that were folded in another order are found', () => {
  const swapped = [...log];
  const at = 120;
  const later = 140;
  [swapped[at], swapped[later]] = [
    { ...log[later]!, offset: log[at]!.offset },
    { ...log[at]!, offset: log[later]!.offset },
  ];
  const { broken } = check(remains(swapped));
  expect(broken.join()).toMatch(/I4|I5/);
});

test('a record that was folded twice, or not at all, is found in counters and state', () => {
  const twice = [...log.slice(0, 100), log[99]!, ...log.slice(100)];
  expect(check(remains(twice)).broken.join()).toMatch(/I1 .* duplicate/);
  const skipped = log.filter(({ offset }) => offset !== 100);
  expect(check(remains(skipped)).broken.join()).toMatch(/I1 .* applied/);
});

test('an acknowledged record that the log lacks is found', () => {
  const all = remains();
  expect(check({ ...all, logged: without(all.logged, first(all.logged)) }).broken.join()).toContain('acknowledged');
});

test('a removed range that lost_ranges lacks is found, and one that nobody removed', () => {
  const range = { partition: 0, from: 5, to: 9 };
  expect(check({ ...remains(), gone: [range] }).broken.join()).toContain('lost_ranges');
  expect(check({ ...remains(), lostRanges: [range] }).broken.join()).toContain('lost_ranges');
});

test('a dead letter that is missing or changed, in the table or on the topic, is found', () => {
  const all = remains();
  const [letter, ...others] = all.letters;
  const changed = { ...letter!, value: Buffer.from('x') };
  expect(check({ ...all, letters: others }).broken.join()).toContain('no dead letter');
  expect(check({ ...all, letters: [changed, ...others] }).broken.join()).toContain('not what was sent');
  expect(check({ ...all, topicLetters: all.topicLetters.slice(1) }).broken.join()).toContain('on the topic');
  const topicLetters = all.topicLetters.map((one, i) => (i === 0 ? { ...one, value: Buffer.from('x') } : one));
  expect(check({ ...all, topicLetters }).broken.join()).toContain('on the topic is not');
});

test('a worker that outgrows its container is found', () => {
  expect(check({ ...remains(), peakRssMib: 700 }).broken.join()).toContain('I11');
});

test('folding on from a saved state comes to the state of the whole log', () => {
  const saved = undisturbed(stream, 0, log.slice(0, 100), [], new Map());
  const before = { offsetNext: 100, controlSequence: 0, state: saved.state };
  expect(resumed(stream, 0, before, log, [], new Map())).toEqual(undisturbed(stream, 0, log, [], new Map()).state);
});

test('offsets, watermarks and epochs that go back are found, and a position short of the end', () => {
  const all = remains();
  const look = { partition: 0, epoch: 3, offsetNext: 10, watermarkMs: 10 };
  const trail = (next: Partial<typeof look>) => check({ ...all, looks: [look, { ...look, ...next }] }).broken.join();
  expect(trail({ offsetNext: 9 })).toContain('I6 the offset');
  expect(trail({ watermarkMs: 9 })).toContain('I6 the watermark');
  expect(trail({ epoch: 2 })).toContain('I7');
  const stored = new Map([[0, { ...all.stored.get(0)!, offsetNext: 5 }]]);
  expect(check({ ...all, stored }).broken.join()).toContain('I8');
});

test('a state with one other byte, an incident that differs, and a model that is not the one named are found', () => {
  const all = remains();
  const state = Uint8Array.from(all.stored.get(0)!.state);
  state[state.length >> 1]! ^= 1;
  expect(check({ ...all, stored: new Map([[0, { ...all.stored.get(0)!, state }]]) }).broken.join()).toContain('I5');
  expect(check({ ...all, resumedStates: new Map([[0, state]]) }).broken.join()).toContain('I5');
  expect(check({ ...all, resumedStates: new Map([[0, null]]) }).broken.join()).toContain('I5');
  expect(check({ ...all, expectedIncidents: new Map([['i', 'x']]) }).broken.join()).toContain('I4 incident');
  expect(check({ ...all, wrongModels: ['m'] }).broken.join()).toContain('I13');
});

test('an entry of any kind whose model is gone, is another, or was never named is found', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const sha256 = sha256Hex(bytes);
  const other = Uint8Array.of(1, 2, 4);
  const calibration: ControlChange = { kind: 'calibration', modelId: 'b', version: 2, alertRate: 0.01 };
  const good: ControlChange[] = [
    { kind: 'model', modelId: 'a', sha256 },
    { kind: 'challenger', modelId: 'b', sha256, share: 0 },
    calibration,
    { kind: 'challenger', modelId: '', sha256: '', share: 0 },
  ];
  const entries = (changes: ControlChange[]) =>
    changes.map((change, i): ControlEntry => ({ ...change, offset: i, sequence: i + 1 }));
  const found = (changes: ControlChange[], models: [string, Uint8Array][]) =>
    check({ ...remains(), wrongModels: wrongModelsOf(entries(changes), new Map(models)) }).broken.join();
  expect(
    found(good, [
      ['a', bytes],
      ['b', bytes],
    ]),
  ).toBe('');
  for (const planted of [
    [['a', bytes]],
    [['b', bytes]],
    [
      ['a', bytes],
      ['b', other],
    ],
  ] as [string, Uint8Array][][])
    expect(found(good, planted)).toContain('I13');
  expect(found([calibration], [['b', bytes]])).toContain('I13');
});
