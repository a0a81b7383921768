import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../ingest/ports.ts';
import { flushSentences } from './flush.suite.ts';
import { makeDeadLetter, makeIncident, makeVerdict, noCounters, outputs } from './make.ts';
import { bytes, insist, type StoreUnderTest } from './under-test.ts';

function step(epoch: number, offsetPrevious: number, offsetNext: number, state: Uint8Array): Checkpoint {
  const counters = { ...noCounters, applied: offsetNext };
  return { epoch, offsetPrevious, offsetNext, state, watermarkMs: offsetNext * 10, controlSequence: 0, counters };
}

/** What every PartitionStore must do, whatever keeps it. */
export function partitionStoreSuite(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a PartitionStore`, () => {
    it('starts an unknown partition at offset 0 without state', async () => {
      const { store } = (await make()).open();
      expect(await store.claim('a')).toEqual({ epoch: 1, offsetNext: 0, state: null });
    });

    it('gives the next owner exactly what was checkpointed last', async () => {
      const truth = await make();
      const { store } = truth.open();
      const { epoch } = await store.claim('a');
      expect(await store.checkpoint(step(epoch, 0, 5, bytes(1, 0, 255)))).toBe('committed');
      expect(await store.checkpoint(step(epoch, 5, 9, bytes(2, 0, 254)))).toBe('committed');
      const next = await truth.open().store.claim('b');
      expect({ ...next, state: [...next.state!] }).toEqual({ epoch: 2, offsetNext: 9, state: [2, 0, 254] });
    });

    it('fences a former owner out of checkpoints and control entries', async () => {
      const truth = await make();
      const a = truth.open().store;
      const b = truth.open().store;
      const old = await a.claim('a');
      const now = await b.claim('b');
      expect(now.epoch).toBeGreaterThan(old.epoch);
      expect(await a.checkpoint(step(old.epoch, 0, 5, bytes(1)))).toBe('fenced');
      expect(await a.appendControl(old.epoch, 0, { kind: 'watermark', toMs: 1 })).toBe('fenced');
      expect(await b.checkpoint(step(now.epoch, 0, 3, bytes(2)))).toBe('committed');
      expect(await b.controlEntries(0)).toEqual([]);
    });

    it('writes nothing for a former owner, which may not know the control entries that hold by now', async () => {
      const truth = await make();
      const { store } = truth.open();
      const { epoch } = await store.claim('a');
      const deadLetters = [makeDeadLetter()];
      const all = outputs({ verdicts: [makeVerdict()], incidents: [makeIncident()], deadLetters });
      const b = truth.open().store;
      const now = await b.claim('b');
      expect(await store.flush(all, epoch)).toBe('fenced');
      expect([await truth.verdicts(), await truth.incidents(), await truth.deadLetters()]).toEqual([[], [], []]);
      expect(await b.flush(all, now.epoch)).toEqual({ divergent: 0 });
      expect([await truth.verdicts(), await truth.incidents(), await truth.deadLetters()]).toMatchObject([
        { length: 1 },
        { length: 1 },
        { length: 1 },
      ]);
    });

    it('refuses a checkpoint from a position where the partition does not stand', async () => {
      const { store } = (await make()).open();
      const { epoch } = await store.claim('a');
      await store.checkpoint(step(epoch, 0, 5, bytes(1)));
      await expect(store.checkpoint(step(epoch, 3, 8, bytes(2)))).rejects.toThrow(/stands at offset 5/);
    });

    it('checkpoints again at the same offset when only control entries were folded', async () => {
      const truth = await make();
      const { store } = truth.open();
      const { epoch } = await store.claim('a');
      await store.checkpoint(step(epoch, 0, 5, bytes(1)));
      expect(await store.checkpoint(step(epoch, 5, 5, bytes(2)))).toBe('committed');
      expect([...(await truth.open().store.claim('b')).state!]).toEqual([2]);
    });

    for (const fault of ['request', 'answer'] as const)
      it(`commits a checkpoint exactly once when its ${fault} is lost`, async () => {
        const truth = await make();
        const { store, failNext } = truth.open();
        const { epoch } = await store.claim('a');
        await store.checkpoint(step(epoch, 0, 5, bytes(1)));
        failNext(fault);
        expect(await insist(() => store.checkpoint(step(epoch, 5, 9, bytes(2))))).toBe('committed');
        expect(await store.checkpoint(step(epoch, 9, 12, bytes(3)))).toBe('committed');
        // one commit, one generation: the one before is the second, not a copy of the third
        await truth.damageState('newest');
        expect((await truth.open().store.claim('b')).offsetNext).toBe(9);
      });

    it('says fenced when the answer was lost and another owner has come since', async () => {
      const truth = await make();
      const { store, failNext } = truth.open();
      const { epoch } = await store.claim('a');
      await truth.open().store.claim('b');
      failNext('answer');
      expect(await insist(() => store.checkpoint(step(epoch, 0, 9, bytes(2))))).toBe('fenced');
    });

    it('goes on from the generation before when the newest state is damaged', async () => {
      const truth = await make();
      const { store } = truth.open();
      const first = await store.claim('a');
      await store.checkpoint(step(first.epoch, 0, 5, bytes(1)));
      await store.checkpoint(step(first.epoch, 5, 9, bytes(2)));
      await truth.damageState('newest');
      const next = truth.open().store;
      const claim = await next.claim('b');
      expect(claim).toMatchObject({ offsetNext: 5, recovered: 'older_generation' });
      expect([...claim.state!]).toEqual([1]);
      expect(await next.checkpoint(step(claim.epoch, 5, 7, bytes(4)))).toBe('committed');
      const healed = await truth.open().store.claim('c');
      expect(healed.offsetNext).toBe(7);
      expect(healed.recovered).toBeUndefined();
    });

    it('starts over from offset 0 when both generations are damaged', async () => {
      const truth = await make();
      const { store } = truth.open();
      const { epoch } = await store.claim('a');
      await store.checkpoint(step(epoch, 0, 5, bytes(1)));
      await store.checkpoint(step(epoch, 5, 9, bytes(2)));
      await truth.damageState('both');
      const next = truth.open().store;
      const claim = await next.claim('b');
      expect(claim).toMatchObject({ offsetNext: 0, state: null, recovered: 'log_start' });
      expect(await next.checkpoint(step(claim.epoch, 0, 2, bytes(5)))).toBe('committed');
    });

    it('numbers control entries from 1 and gives them back in order', async () => {
      const truth = await make();
      const { store } = truth.open();
      const { epoch } = await store.claim('a');
      const entries = [
        await store.appendControl(epoch, 0, { kind: 'model', modelId: 'm', sha256: 'ab' }),
        await store.appendControl(epoch, 7, { kind: 'mode', mode: 'fallback', reason: 'slow' }),
        await store.appendControl(epoch, 7, { kind: 'mode', mode: 'fallback', reason: 'slow' }),
      ];
      expect(entries.map((entry) => (entry === 'fenced' ? 0 : entry.sequence))).toEqual([1, 2, 3]);
      expect(await truth.open().store.controlEntries(0)).toEqual(entries);
      expect(await store.controlEntries(2)).toEqual(entries.slice(2));
    });

    it('goes on numbering where the former owner stopped', async () => {
      const truth = await make();
      const a = truth.open().store;
      await a.appendControl((await a.claim('a')).epoch, 0, { kind: 'watermark', toMs: 1 });
      const b = truth.open().store;
      const { epoch } = await b.claim('b');
      expect(await b.appendControl(epoch, 3, { kind: 'watermark', toMs: 2 })).toMatchObject({ sequence: 2, offset: 3 });
    });

    it('appends a control entry exactly once when its answer is lost', async () => {
      const { store, failNext } = (await make()).open();
      const { epoch } = await store.claim('a');
      failNext('answer');
      const entry = await insist(() =>
        store.appendControl(epoch, 4, { kind: 'calibration', modelId: 'm', version: 3, alertRate: 0.001 }),
      );
      expect(await store.controlEntries(0)).toEqual([entry]);
    });

    flushSentences(make);

    it('notes a range that retention removed unread, once', async () => {
      const truth = await make();
      const { store } = truth.open();
      await store.recordLoss(10, 25, 'retention');
      await store.recordLoss(10, 25, 'retention');
      expect(await truth.lostRanges()).toEqual([{ fromOffset: 10, toOffset: 25 }]);
    });
  });
}
