import { describe, expect, it } from 'vitest';
import type { Commit } from '../../monitor/store.ts';
import {
  lineage,
  makeCommit,
  makeDecision,
  makeObservation,
  makeServing,
  makeState,
  message,
  T0,
} from './monitor-make.ts';
import { readSentences } from './monitor-reads.suite.ts';
import { aborted, held, type MonitorUnderTest } from './monitor-under-test.ts';

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

    readSentences(make);
  });
}
