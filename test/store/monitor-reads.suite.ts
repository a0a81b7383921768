import { expect, it } from 'vitest';
import { sha256Hex } from '../../core/hash.ts';
import type { Input } from '../../monitor/types.ts';
import { HOUR_MS, makeCommit, makeDecision, makeObservation, makeProfile, makeState, T0 } from './monitor-make.ts';
import { chainHolds, held, type MonitorUnderTest } from './monitor-under-test.ts';

/** How what was committed is read, whatever keeps it. */
export function readSentences(make: () => Promise<MonitorUnderTest>): void {
  it('chains the decisions of all streams without a gap, whoever holds', async () => {
    const truth = await make();
    const { store } = truth.open();
    const first = await held(store, [makeCommit(1), makeCommit(2)]);
    await first.release();
    const bytes = Uint8Array.of(1, 0, 255);
    const sha256 = sha256Hex(bytes);
    const two = [1, 2].map((n) => ({
      decision: makeDecision(n, { id: `other-${n}`, stream: 'other' }),
      evidence: sha256,
    }));
    const state = makeState(1, { stream: 'other' });
    const commit = {
      ...makeCommit(1, { state, decisions: two, evidence: new Map([[sha256, bytes]]) }),
      stream: 'other',
    };
    const next = await held(truth.open().store, [commit]);
    const all = await store.ledger({});
    expect(all.map((e) => [e.seq, e.decision.id])).toEqual([
      [1, 'hosts-1'],
      [2, 'hosts-2'],
      [3, 'other-1'],
      [4, 'other-2'],
    ]);
    expect(chainHolds(all)).toBe(true);
    // the checker sees one letter that is another
    const bent = structuredClone(all);
    bent[1]!.decision.reason += '.';
    expect(chainHolds(bent)).toBe(false);
    expect((await store.ledger({ stream: 'hosts', fromSeq: 2 })).map((e) => e.seq)).toEqual([2]);
    expect((await store.ledger({ toSeq: 3 })).map((e) => e.seq)).toEqual([1, 2]);
    expect((await store.ledger({ limit: 3 })).map((e) => e.seq)).toEqual([1, 2, 3]);
    expect(await store.decision('latest')).toEqual(all[3]);
    expect(await store.decision('hosts-2')).toEqual(all[1]);
    expect(await store.decision('none')).toBeNull();
    expect(await store.evidence(sha256)).toEqual(bytes);
    expect(await store.evidence('none')).toBeNull();
    await next.release();
  });

  it('keeps the evidence of decisions once, and what nothing names not at all', async () => {
    const truth = await make();
    const { store } = truth.open();
    const shared = Uint8Array.of(7);
    const sha256 = sha256Hex(shared);
    const hold = await held(store, [makeCommit(1, { decisions: [], evidence: new Map([[sha256, shared]]) })]);
    expect(await store.evidence(sha256)).toBeNull();
    const decisions = (n: number) => [{ decision: makeDecision(n), evidence: sha256 }];
    const evidence = new Map([[sha256, shared]]);
    expect(await hold.commit(makeCommit(2, { decisions: decisions(2), evidence }))).toBe('committed');
    expect(await hold.commit(makeCommit(3, { decisions: decisions(3), evidence }))).toBe('committed');
    // what was kept before need not be brought again
    expect(await hold.commit(makeCommit(4, { decisions: decisions(4), evidence: new Map() }))).toBe('committed');
    expect(await store.evidence(sha256)).toEqual(shared);
    await hold.release();
  });

  it('gives observations of a span in order, the first one of a grain', async () => {
    const truth = await make();
    const { store } = truth.open();
    const seen = [2, 1, 3].map((hour) => makeObservation(T0 + hour * HOUR_MS));
    const twice = makeObservation(T0 + HOUR_MS, { windows: 1 });
    const commits = [...seen, twice].map((observation, i) => makeCommit(i + 1, { observation, decisions: [] }));
    const hold = await held(store, commits);
    const [two, one, three] = seen;
    expect(await store.observations('hosts', T0, T0 + 9 * HOUR_MS)).toEqual([one, two, three]);
    expect(await store.observations('hosts', T0 + 2 * HOUR_MS, T0 + 3 * HOUR_MS)).toEqual([two]);
    expect(await store.observations('other', 0, 2 * T0)).toEqual([]);
    await hold.release();
  });

  it('gives the inputs of a span as they were taken, with the state before the first', async () => {
    const truth = await make();
    const { store } = truth.open();
    const key = (n: number) => `observation:${n}`;
    const inputs: Input[] = [1, 2, 3, 4].map((n) => {
      if (n !== 3) return { kind: 'observation', key: key(n), observation: makeObservation(T0 + n * HOUR_MS) };
      const command = { kind: 'suspend' } as const;
      return { kind: 'command', key: key(n), actor: 'operator:ada', atMs: T0 + 3 * HOUR_MS, command, note: 'größe' };
    });
    const commits = inputs.map((record, i) =>
      makeCommit(i + 1, {
        record,
        decisions: [],
        observation: record.kind === 'observation' ? record.observation : null,
      }),
    );
    const hold = await held(store, [...commits, makeCommit(5, { decisions: [] })]);
    expect(await hold.commit(commits[1]!)).toBe('known');
    expect(await store.recorded('hosts', 0, 2 * T0)).toEqual({ before: null, inputs });
    const some = await store.recorded('hosts', T0 + 2 * HOUR_MS, T0 + 4 * HOUR_MS);
    expect(some).toEqual({ before: makeState(1), inputs: inputs.slice(1, 3) });
    expect(await store.recorded('hosts', T0 + 5 * HOUR_MS, 2 * T0)).toEqual({ before: null, inputs: [] });
    expect(await store.recorded('other', 0, 2 * T0)).toEqual({ before: null, inputs: [] });
    await hold.release();
  });

  it('reads the profiles of a span in the order of start, partition and sequence, and the watermarks', async () => {
    const truth = await make();
    const { store } = truth.open();
    const at = (hour: number, partition: number, sequence: number) =>
      makeProfile({ startMs: T0 + hour * HOUR_MS, endMs: T0 + (hour + 1) * HOUR_MS, partition, sequence });
    const wanted = [at(0, 0, 0), at(0, 0, 3), at(0, 1, 0), at(1, 0, 3)];
    await truth.addProfiles([...wanted].reverse());
    await truth.addProfiles([at(2, 0, 3), at(-1, 0, 0), { ...at(0, 0, 0), stream: 'other' }]);
    await truth.addProfiles(wanted);
    expect(await store.profiles('hosts', T0, T0 + 2 * HOUR_MS)).toEqual(wanted);
    const many = Array.from({ length: 450 }, (_, i) => at(100, i % 7, i));
    await truth.addProfiles(many);
    expect(await store.profiles('hosts', T0 + 100 * HOUR_MS, T0 + 101 * HOUR_MS)).toHaveLength(450);
    await truth.setWatermark(1, T0);
    await truth.setWatermark(0, Number.NEGATIVE_INFINITY);
    expect([...(await store.watermarks('hosts'))]).toEqual([
      [0, Number.NEGATIVE_INFINITY],
      [1, T0],
    ]);
    expect([...(await store.watermarks('other'))]).toEqual([]);
  });
}
