import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fail } from '../../../core/errors.ts';
import { explainDecision } from '../../../monitor/ledger/explain.ts';
import { policyWith } from '../decide/make.ts';
import { observe, written } from './make.ts';

const book = written(policyWith());
const { entries, evidence, get } = book;

test('every decision is computed again from its evidence, and agrees', async () => {
  expect(book.decisions.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['promote', 'retrain', 'start_shadow', 'hold', 'resume']),
  );
  for (const entry of entries) {
    const { agrees, recomputed, why } = await explainDecision(entry, get, observe);
    expect([entry.decision.id, agrees, why]).toEqual([entry.decision.id, true, '']);
    expect(recomputed).toEqual(entry.decision);
  }
});

test('an explanation tells what came, the figure against its limit, the cause, and what was done', async () => {
  const entry = entries.find(({ decision }) => decision.action === 'retrain')!;
  const text = (await explainDecision(entry, get, observe)).sentences.join('\n');
  for (const part of [
    'drift of the interval: 3, limit 1',
    'gradual drift',
    'It had held since',
    'retrain: done',
    'docs/runbooks/psi_drift.md',
    'windows of 10 entities of shop',
  ])
    expect(text).toContain(part);
});

test('what is told comes from the evidence, not from what the ledger says', async () => {
  const entry = structuredClone(entries.find(({ decision }) => decision.action === 'retrain')!);
  entry.decision.reason = 'because';
  entry.decision.action = 'roll_back';
  const { agrees, recomputed, why, sentences } = await explainDecision(entry, get, observe);
  expect(agrees).toBe(false);
  expect(recomputed?.action).toBe('retrain');
  expect(why).toContain('action: "retrain" by the evidence, "roll_back" in the ledger');
  expect(sentences.slice(0, -1).join(' ')).not.toContain('because');
});

test('one altered byte anywhere in the evidence makes it disagree', async () => {
  const names = [...evidence.keys()];
  await fc.assert(
    fc.asyncProperty(fc.nat(names.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, at, mask) => {
      const name = names[which]!;
      const bytes = Uint8Array.from(evidence.get(name)!);
      bytes[at % bytes.length]! ^= mask;
      const altered = async (sha256: string) => (sha256 === name ? bytes : get(sha256));
      // the evidence belongs to at least one decision, and each that rests on it disagrees
      const against = await Promise.all(entries.map((entry) => explainDecision(entry, altered, observe)));
      const disagreeing = against.filter(({ agrees }) => !agrees);
      expect(disagreeing.length).toBeGreaterThan(0);
      for (const { why, recomputed } of disagreeing) {
        expect(why).toContain('altered');
        expect(recomputed).toBeNull();
      }
    }),
    { numRuns: 200 },
  );
});

test('evidence that is gone, cut short or empty makes it disagree', async () => {
  const entry = entries.at(-1)!;
  for (const name of evidence.keys()) {
    const whole = evidence.get(name)!;
    for (const bytes of [null, whole.subarray(0, whole.length - 1), new Uint8Array()]) {
      const some = async (sha256: string) => (sha256 === name ? bytes : get(sha256));
      const all = await Promise.all(entries.map((one) => explainDecision(one, some, observe)));
      expect(all.some(({ agrees }) => !agrees)).toBe(true);
    }
  }
  expect(await explainDecision(entry, async () => null, observe)).toMatchObject({ agrees: false, recomputed: null });
});

test('evidence of another decision makes it disagree', async () => {
  const [first, second] = [entries[0]!, entries.at(-1)!];
  const exchanged = { ...second, evidence: first.evidence };
  expect(await explainDecision(exchanged, get, observe)).toMatchObject({ agrees: false });
});

test('an entry whose own hash is another disagrees', async () => {
  const entry = { ...entries[0]!, hash: '0'.repeat(64) };
  expect(await explainDecision(entry, get, observe)).toMatchObject({
    agrees: false,
    why: expect.stringContaining('hash'),
  });
});

test('counts that come to no observation make it disagree, and say why', async () => {
  const entry = entries.find(({ decision }) => decision.action === 'retrain')!;
  const refused = () => fail('histogram_corrupt', 'byte 7');
  expect(await explainDecision(entry, get, refused)).toMatchObject({
    agrees: false,
    why: expect.stringContaining('byte 7'),
  });
});
