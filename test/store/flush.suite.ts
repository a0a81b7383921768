import { expect, it } from 'vitest';
import { verdictHash } from '../../core/hash.ts';
import type { Verdict } from '../../core/types.ts';
import { makeDeadLetter, makeIncident, makeVerdict, outputs } from './make.ts';
import { makeProfile } from './monitor-make.ts';
import { bytes, insist, type StoreUnderTest } from './under-test.ts';

/** What flush must do, whatever keeps it. */
export function flushSentences(make: () => Promise<StoreUnderTest>): void {
  it('writes verdicts once, to the last bit', async () => {
    const truth = await make();
    const { store } = truth.open();
    const attributions = [
      { metric: 'c"p\\u,{}', share: 0.75, value: Number.NaN, expectedLow: Number.NEGATIVE_INFINITY, expectedHigh: 1 },
      { metric: 'größe', share: 0.25, value: 1 / 3, expectedLow: 0, expectedHigh: 1 },
    ];
    const verdicts = [
      makeVerdict({ attributions }),
      makeVerdict({ entity: 'a,"b"\\{}', windowStartMs: -86_400_001 }),
      makeVerdict({ windowMs: 60_000, probation: true, source: 'fallback', modelId: '' }),
    ];
    expect(await store.flush(outputs({ verdicts }))).toEqual({ divergent: 0 });
    expect(await store.flush(outputs({ verdicts }))).toEqual({ divergent: 0 });
    const stored = await truth.verdicts();
    expect(stored.map(verdictHash).sort()).toEqual(verdicts.map(verdictHash).sort());
  });

  it('counts a verdict that comes again with another content, and keeps the first', async () => {
    const truth = await make();
    const { store } = truth.open();
    const first = makeVerdict();
    await store.flush(outputs({ verdicts: [first] }));
    const values = Float64Array.from(first.readings.values);
    values[1] = 0; // it was −0
    const other = makeVerdict({ readings: { ...first.readings, values } });
    const fresh = makeVerdict({ entity: 'web-2' });
    expect(await store.flush(outputs({ verdicts: [other, fresh, fresh] }))).toEqual({ divergent: 1 });
    const stored = await truth.verdicts();
    expect(stored).toHaveLength(2);
    expect(stored.map(verdictHash)).toContain(verdictHash(first));
  });

  it('repeats a flush whose answer was lost without counting it twice', async () => {
    const truth = await make();
    const { store, failNext } = truth.open();
    const verdicts = [makeVerdict(), makeVerdict({ entity: 'web-2' })];
    await store.flush(outputs({ verdicts: [makeVerdict({ entity: 'web-0' })] }));
    failNext('answer');
    expect(await insist(() => store.flush(outputs({ verdicts })))).toEqual({ divergent: 0 });
    expect(await truth.verdicts()).toHaveLength(3);
  });

  it('keeps the newest state of an incident, in whatever order a replay sends them', async () => {
    const truth = await make();
    const { store } = truth.open();
    const opened = makeIncident();
    const grown = makeIncident({ lastMs: opened.lastMs + 10_000, windows: 2, peakSeverity: 2 });
    const resolved = { ...grown, resolvedMs: grown.lastMs + 30_000 };
    await store.flush(outputs({ incidents: [opened, grown] }));
    await store.flush(outputs({ incidents: [resolved] }));
    await store.flush(outputs({ incidents: [opened] }));
    await store.flush(outputs({ incidents: [grown] }));
    expect(await truth.incidents()).toEqual([resolved]);
  });

  it('keeps a dead letter whole and once a point', async () => {
    const truth = await make();
    const { store } = truth.open();
    const letter = makeDeadLetter({
      point: -1,
      fault: { code: 'record_not_json', detail: 'at 3: \u0000 \ud800' },
      value: bytes(0, 255, 92, 39, 128),
      appendMs: 1_700_000_000_123,
    });
    const headers = [
      ['trace', bytes(0, 255)],
      ['trace', null],
      ['NUL \u0000 "{}" größe', bytes()],
    ] as const;
    const second = makeDeadLetter({ ...letter, point: 2, key: bytes(0, 1), headers });
    await store.flush(outputs({ deadLetters: [letter, second] }));
    await store.flush(outputs({ deadLetters: [letter, second] }));
    const stored = await truth.deadLetters();
    expect(stored.map((d) => [d.offset, d.point, d.fault.code, d.appendMs, d.key, d.value, d.headers])).toEqual([
      [9, -1, 'record_not_json', 1_700_000_000_123, null, bytes(0, 255, 92, 39, 128), undefined],
      [9, 2, 'record_not_json', 1_700_000_000_123, bytes(0, 1), bytes(0, 255, 92, 39, 128), headers],
    ]);
  });

  it('tells a tombstone from an empty record, and no key from an empty one', async () => {
    const truth = await make();
    const { store } = truth.open();
    const deadLetters = [
      makeDeadLetter({ offset: 1, value: null, key: bytes() }),
      makeDeadLetter({ offset: 2, value: bytes(), key: null }),
    ];
    await store.flush(outputs({ deadLetters }));
    expect((await truth.deadLetters()).map((d) => [d.key, d.value])).toEqual([
      [bytes(), null],
      [null, bytes()],
    ]);
  });

  it('writes a thousand verdicts at once, and once more, to the last bit', async () => {
    const truth = await make();
    const { store } = truth.open();
    const { epoch } = await store.claim('a');
    const batch = (window: number) =>
      Array.from({ length: 1_000 }, (_, i) =>
        makeVerdict({
          entity: i % 2 === 0 ? `web-${i}` : `größe ${'😀'.repeat(20)} ${i}`,
          windowStartMs: 1_700_000_000_000 + window * 10_000,
          severity: i / 3,
          attributions:
            i === 7 ? [{ metric: 'a"\\\u0001', share: 1, value: Number.NaN, expectedLow: 0, expectedHigh: 1 }] : [],
        }),
      );
    const none = makeVerdict({
      entity: 'no features',
      readings: { features: [], values: new Float64Array(0), low: new Float64Array(0), high: new Float64Array(0) },
    });
    for (const verdicts of [batch(0), batch(1), batch(2), [...batch(1), ...batch(3), none], batch(4)])
      expect(await store.flush(outputs({ verdicts }), epoch)).toEqual({ divergent: 0 });
    const all = [0, 1, 2, 3, 4].flatMap(batch);
    const hashes = (some: Verdict[]) => new Set(some.map(verdictHash));
    const stored = await truth.verdicts();
    expect(stored).toHaveLength(5_001);
    expect(hashes(stored)).toEqual(hashes([...all, none]));
  });

  it('fences and counts among many verdicts as among few', async () => {
    const truth = await make();
    const { store } = truth.open();
    const { epoch } = await store.claim('a');
    const many = (window: number, severity: number) =>
      Array.from({ length: 200 }, (_, i) =>
        makeVerdict({ entity: `web-${i}`, windowStartMs: 1_700_000_000_000 + window * 10_000, severity }),
      );
    for (const window of [0, 1])
      expect(await store.flush(outputs({ verdicts: many(window, 0.1) }), epoch)).toEqual({ divergent: 0 });
    expect(await store.flush(outputs({ verdicts: [...many(2, 0.1), ...many(1, 0.2)] }), epoch)).toEqual({
      divergent: 200,
    });
    expect(await store.flush(outputs({ verdicts: many(3, 0.1) }), epoch)).toEqual({ divergent: 0 });
    expect(await store.flush(outputs({ verdicts: many(4, 0.1) }), epoch)).toEqual({ divergent: 0 });
    await truth.open().store.claim('b');
    expect(await store.flush(outputs({ verdicts: many(5, 0.1) }), epoch)).toBe('fenced');
    expect(await truth.verdicts()).toHaveLength(1_000);
  });

  it('notices an entity that two partitions write, once a writer, and calls what differs there no divergence', async () => {
    const truth = await make();
    const one = truth.open(0).store;
    const two = truth.open(1).store;
    const at = (window: number, severity: number) =>
      outputs({
        verdicts: [
          makeVerdict({ windowStartMs: 1_700_000_000_000 + window * 10_000, severity }),
          makeVerdict({ entity: `whole-${severity}`, windowStartMs: 1_700_000_000_000 + window * 10_000 }),
        ],
      });
    expect(await one.flush(at(0, 0.1))).toEqual({ divergent: 0 });
    expect(await two.flush(at(0, 0.2))).toEqual({ divergent: 0, split: ['web-1'] });
    expect(await two.flush(at(1, 0.2))).toEqual({ divergent: 0 });
    expect(await one.flush(at(1, 0.1))).toEqual({ divergent: 0, split: ['web-1'] });
    expect(await one.flush(at(2, 0.1))).toEqual({ divergent: 0 });
    expect(await two.flush(at(2, 0.2))).toEqual({ divergent: 0 });
    // what the same partition judges in two ways stays a divergence
    expect(await one.flush(at(0, 0.3))).toEqual({ divergent: 1 });
  });

  it('writes an interval profile once, the first of its identity, and none for a former owner', async () => {
    const truth = await make();
    const { store, failNext } = truth.open();
    const { epoch } = await store.claim('a');
    const large = makeProfile({ startMs: makeProfile().endMs, bytes: new Uint8Array(300_000).fill(7) });
    const profiles = [makeProfile(), makeProfile({ sequence: 4, modelId: '' }), large];
    failNext('answer');
    expect(await insist(() => store.flush(outputs({ profiles }), epoch))).toEqual({ divergent: 0 });
    expect(await store.flush(outputs({ profiles }), epoch)).toEqual({ divergent: 0 });
    const other = outputs({ profiles: [makeProfile({ bytes: bytes(9), endMs: 0 })], verdicts: [makeVerdict()] });
    expect(await store.flush(other, epoch)).toEqual({ divergent: 1 });
    other.verdicts = [makeVerdict({ score: 0.123 })];
    expect(await store.flush(other, epoch)).toEqual({ divergent: 2 });
    expect(await truth.profiles()).toEqual(profiles);
    await truth.open().store.claim('b');
    const late = outputs({ profiles: [makeProfile({ sequence: 9 })] });
    expect(await store.flush(late, epoch)).toBe('fenced');
    expect(await truth.profiles()).toHaveLength(3);
    expect(await truth.open().store.flush(late)).toEqual({ divergent: 0 });
    expect(await truth.profiles()).toHaveLength(4);
  });

  it('takes no entity for split whose partition changed over a day apart', async () => {
    const truth = await make();
    const at = (windowStartMs: number) => outputs({ verdicts: [makeVerdict({ windowStartMs })] });
    await truth.open(0).store.flush(at(1_700_000_000_000));
    const { store } = truth.open(1);
    expect(await store.flush(at(1_700_000_000_000 + 86_400_001))).toEqual({ divergent: 0 });
    expect(await truth.open(0).store.flush(at(1_600_000_000_000))).toEqual({ divergent: 0 });
  });
}
