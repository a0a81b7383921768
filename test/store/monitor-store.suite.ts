import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../core/hash.ts';
import type { IntervalProfile } from '../../core/types.ts';
import type { Registry } from '../../monitor/controller/ports.ts';
import { chained } from '../../monitor/ledger/chain.ts';
import type { Commit, LedgerEntry, MonitorHold, MonitorStore } from '../../monitor/store.ts';
import type { Input } from '../../monitor/types.ts';
import {
  HOUR_MS,
  lineage,
  makeCommit,
  makeDecision,
  makeObservation,
  makeProfile,
  makeServing,
  makeState,
  message,
  T0,
} from './monitor-make.ts';

export interface MonitorUnderTest {
  /** A store as another process would open it. */
  open(): { store: MonitorStore; registry: Registry };
  /** Ends the session of whoever holds. */
  endHolder(): Promise<void>;
  addProfiles(profiles: IntervalProfile[]): Promise<void>;
  setWatermark(partition: number, watermarkMs: number): Promise<void>;
  outboxIds(): Promise<string[]>;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve());
  });

/** True when every entry is what its hash says and follows the one before. */
export function chainHolds(entries: readonly LedgerEntry[]): boolean {
  return entries.every(
    (e, i) =>
      e.seq === i + 1 &&
      e.previous === (entries[i - 1]?.hash ?? '0'.repeat(64)) &&
      e.hash === chained(e.previous, e.seq, e.decision, e.evidence, e.recordedMs),
  );
}

async function held(store: MonitorStore, commits: Commit[]): Promise<MonitorHold> {
  const hold = (await store.hold('a'))!;
  for (const commit of commits) expect(await hold.commit(commit)).toBe('committed');
  return hold;
}

/** What every MonitorStore must do, whatever keeps it. */
export function monitorStoreSuite(name: string, make: () => Promise<MonitorUnderTest>): void {
  describe(`${name} as a MonitorStore`, () => {
    it('lets one process decide, and the next when it has let go', async () => {
      const truth = await make();
      const mine = await truth.open().store.hold('a');
      const other = truth.open().store;
      expect(await other.hold('b')).toBeNull();
      await mine!.release();
      await mine!.release();
      const next = await other.hold('b');
      expect(next?.lost.aborted).toBe(false);
      expect(await mine!.commit(makeCommit(1))).toBe('fenced');
      expect(await next!.commit(makeCommit(1))).toBe('committed');
      await next!.release();
    });

    it('fences a holder whose session ended, and tells it', async () => {
      const truth = await make();
      const { store } = truth.open();
      const mine = (await store.hold('a'))!;
      await truth.endHolder();
      const next = (await truth.open().store.hold('b'))!;
      await aborted(mine.lost);
      expect(await mine.commit(makeCommit(1))).toBe('fenced');
      expect(await store.state('hosts')).toBeNull();
      expect(await store.ledger({})).toEqual([]);
      await mine.release();
      expect(await next.commit(makeCommit(1))).toBe('committed');
      await next.release();
    });

    it('gives a state back as it was written, keys in their order', async () => {
      const truth = await make();
      const { store } = truth.open();
      const state = makeState(1, {
        championQuality: 0.1 + 0.2,
        hold: { sinceMs: 1, seenMs: 2, trigger: 't', reason: '"\\' },
      });
      const hold = await held(store, [makeCommit(1, { state })]);
      const again = await truth.open().store.state('hosts');
      expect(JSON.stringify(again)).toBe(JSON.stringify(state));
      expect(await store.state('other')).toBeNull();
      await hold.release();
    });

    it('knows an input that comes again, and writes nothing then', async () => {
      const truth = await make();
      const { store } = truth.open();
      const hold = await held(store, [makeCommit(1)]);
      expect(await hold.commit(makeCommit(1))).toBe('known');
      const again = { ...makeCommit(2), input: 'observation:1', outbox: [message('m')] };
      expect(await hold.commit(again)).toBe('known');
      expect((await store.state('hosts'))?.version).toBe(1);
      expect(await store.ledger({})).toHaveLength(1);
      expect(await truth.outboxIds()).toEqual([]);
      // the same key of another stream is another input
      const decisions = [{ decision: makeDecision(1, { id: 'other-1', stream: 'other' }), evidence: '' }];
      decisions[0]!.evidence = [...makeCommit(1).evidence.keys()][0]!;
      const other = { ...makeCommit(1), stream: 'other', state: makeState(1, { stream: 'other' }), decisions };
      expect(await hold.commit(other)).toBe('committed');
      await hold.release();
    });

    it('refuses a commit from a version where the state does not stand, whole', async () => {
      const truth = await make();
      const { store } = truth.open();
      const hold = await held(store, [makeCommit(1), makeCommit(2)]);
      await expect(hold.commit(makeCommit(2, { input: 'x' }))).rejects.toThrow(/at version 2, not 1/);
      await expect(hold.commit(makeCommit(1, { input: 'x' }))).rejects.toThrow(/at version 2, not 0/);
      await expect(hold.commit(makeCommit(4, { input: 'x' }))).rejects.toThrow(/at version 2, not 3/);
      expect(await hold.commit(makeCommit(3, { input: 'x' }))).toBe('committed');
      await hold.release();
    });

    it('writes nothing of a commit of which a part is wrong', async () => {
      const truth = await make();
      const { store } = truth.open();
      const hold = await held(store, [makeCommit(1)]);
      const good = makeCommit(2, { observation: makeObservation(T0), outbox: [message('m')] });
      const unknown = { modelId: 'nowhere', sha256: 'x' };
      const wrong: Commit[] = [
        { ...good, serving: makeServing({ champion: unknown }) },
        { ...good, decisions: [{ decision: makeDecision(1), evidence: good.decisions[0]!.evidence }] },
        { ...good, decisions: [{ decision: makeDecision(2), evidence: 'f'.repeat(64) }] },
        { ...good, evidence: new Map([['0'.repeat(64), Uint8Array.of(1)]]) },
        { ...good, state: makeState(2, { stream: 'other' }) },
        { ...good, state: makeState(1) },
      ];
      for (const commit of wrong) await expect(hold.commit(commit)).rejects.toThrow();
      const large = { ...message('m'), body: 'x'.repeat(1_000_001) };
      await expect(hold.commit({ ...good, outbox: [large] })).rejects.toMatchObject({ code: 'request_invalid' });
      expect((await store.state('hosts'))?.version).toBe(1);
      expect(await store.ledger({})).toHaveLength(1);
      expect(await store.observations('hosts', 0, 2 * T0)).toEqual([]);
      expect(await store.serving('hosts')).toBeNull();
      expect(await truth.outboxIds()).toEqual([]);
      expect(await hold.commit(good)).toBe('committed');
      expect(await truth.outboxIds()).toEqual(['m']);
      await hold.release();
    });

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

    it('lets one of many processes decide', async () => {
      const truth = await make();
      const holds = await Promise.all(Array.from({ length: 5 }, () => truth.open().store.hold('a')));
      const mine = holds.filter((hold) => hold !== null);
      expect(mine).toHaveLength(1);
      await mine[0]!.release();
    });

    it('sets the roles of models with what serves, and touches no other stream', async () => {
      const truth = await make();
      const { store, registry } = truth.open();
      const [a, b, c] = [
        await registry.put('hosts', 'a', Uint8Array.of(1), lineage),
        await registry.put('hosts', 'b', Uint8Array.of(2), lineage),
        await registry.put('other', 'c', Uint8Array.of(3), lineage),
      ];
      const roles = async () => Object.fromEntries((await registry.list()).map((m) => [m.id, m.roles]));
      const serve = (revision: number, change: Partial<Parameters<typeof makeServing>[0]>) =>
        makeServing({ revision, ...change });
      const hold = await held(store, [makeCommit(1, { decisions: [], serving: serve(1, { champion: a }) })]);
      expect(await roles()).toEqual({ a: ['champion'], b: [], c: [] });
      const state = makeState(1, { stream: 'other' });
      await hold.commit({
        ...makeCommit(1, { state, decisions: [], serving: serve(1, { champion: c }) }),
        stream: 'other',
      });
      const canary = serve(2, { champion: a, challenger: { ...b!, share: 0.05 } });
      await hold.commit(makeCommit(2, { decisions: [], serving: canary }));
      expect(await roles()).toEqual({ a: ['champion'], b: ['challenger'], c: ['champion'] });
      expect(await store.serving('hosts')).toEqual(canary);
      const promoted = makeCommit(3, { decisions: [], serving: serve(3, { champion: b! }) });
      promoted.state.lastGood = a!;
      await hold.commit(promoted);
      expect(await roles()).toEqual({ a: ['last_good'], b: ['champion'], c: ['champion'] });
      // a monitor that knows no champion takes none away
      await hold.commit(makeCommit(4, { decisions: [], serving: serve(4, {}) }));
      expect(await roles()).toEqual({ a: [], b: ['champion'], c: ['champion'] });
      const stale = makeCommit(5, { decisions: [], serving: serve(4, { champion: a! }) });
      await expect(hold.commit(stale)).rejects.toThrow(/must rise/);
      expect((await truth.open().store.serving('hosts'))?.revision).toBe(4);
      await hold.release();
    });

    it('writes a message once, whatever commit brings it again', async () => {
      const truth = await make();
      const { store } = truth.open();
      const hold = await held(store, [
        makeCommit(1, { outbox: [message('one'), message('two')] }),
        makeCommit(2, { outbox: [message('two', { body: 'other' })] }),
      ]);
      expect(await truth.outboxIds()).toEqual(['one', 'two']);
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
  });
}
