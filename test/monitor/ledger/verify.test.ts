import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyChain } from '../../../monitor/ledger/verify.ts';
import type { LedgerEntry } from '../../../monitor/store.ts';
import { policyWith } from '../decide/make.ts';
import { written } from './make.ts';

const { entries } = written(policyWith());
const copies = (): LedgerEntry[] => structuredClone(entries);

test('what was written is verified, whole or from the middle on', async () => {
  expect(entries.length).toBeGreaterThan(4);
  expect(await verifyChain(entries)).toEqual({ ok: true, entries: entries.length });
  expect(await verifyChain(entries.slice(2), { before: entries[1]! })).toMatchObject({ ok: true });
  expect(await verifyChain([])).toEqual({ ok: true, entries: 0 });
});

/** What somebody with rights on the table could do. */
const tampering: Record<string, (of: LedgerEntry[], at: number) => void> = {
  'another reason': (of, at) => {
    of[at]!.decision.reason += '.';
  },
  'another action': (of, at) => {
    of[at]!.decision.action = of[at]!.decision.action === 'hold' ? 'look' : 'hold';
  },
  'another actor': (of, at) => {
    of[at]!.decision.actor = 'operator:eve';
  },
  'another time': (of, at) => {
    of[at]!.recordedMs++;
  },
  'other evidence': (of, at) => {
    of[at]!.evidence = 'f'.repeat(64);
  },
  'another hash': (of, at) => {
    of[at]!.hash = 'f'.repeat(64);
  },
  'an entry removed': (of, at) => {
    of.splice(at, 1);
  },
  'an entry twice': (of, at) => {
    of.splice(at, 0, of[at]!);
  },
  'two entries exchanged': (of, at) => {
    const other = at === 0 ? 1 : at - 1;
    [of[at], of[other]] = [of[other]!, of[at]!];
  },
};

test.each(Object.keys(tampering))('%s is found, wherever it is', async (what) => {
  const head = entries.at(-1)!.hash;
  await fc.assert(
    fc.asyncProperty(fc.nat(entries.length - 1), async (at) => {
      const of = copies();
      tampering[what]!(of, at);
      const check = await verifyChain(of, { head });
      expect(check.ok).toBe(false);
      if (!check.ok) expect(Math.abs(check.at - (at + 1))).toBeLessThanOrEqual(1);
    }),
  );
});

test('an end that was cut off is found by whoever kept the newest hash', async () => {
  const cut = entries.slice(0, -1);
  expect(await verifyChain(cut)).toMatchObject({ ok: true });
  expect(await verifyChain(cut, { head: entries.at(-1)!.hash })).toMatchObject({
    ok: false,
    why: expect.stringContaining('newest entries are missing'),
  });
});
