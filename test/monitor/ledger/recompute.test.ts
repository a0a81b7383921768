import { expect, test } from 'vitest';
import { sha256Hex } from '../../../core/hash.ts';
import { firstState, step } from '../../../monitor/decide/step.ts';
import { packInput } from '../../../monitor/figures/evidence.ts';
import { observe } from '../../../monitor/figures/observe.ts';
import { chained, FIRST_PREVIOUS } from '../../../monitor/ledger/chain.ts';
import { evidenceOf } from '../../../monitor/ledger/evidence.ts';
import { explainDecision } from '../../../monitor/ledger/explain.ts';
import { observeAgain } from '../../../monitor/ledger/recompute.ts';
import type { Input } from '../../../monitor/types.ts';
import { back, inputOf, scaled } from '../cause/make.ts';
import { CHAMPION, policyWith } from '../decide/make.ts';

const seen = inputOf(scaled(0, 1000, back(1)));
const observation = observe(seen);
const observed = packInput(seen);
const policy = policyWith();

/** The hold that a unit × 1000 leads to, with evidence as a controller writes it. */
function held() {
  const adopt: Input = {
    kind: 'command',
    key: 'adopt',
    actor: 'controller',
    atMs: 0,
    command: { kind: 'adopt', model: CHAMPION, trainedMs: 0 },
    note: '',
  };
  const { state } = step(policy, firstState(observation.stream), adopt);
  const input: Input = { kind: 'observation', key: 'grain', observation };
  const [decision] = step(policy, state, input).decisions;
  const packed = evidenceOf({ policy, state, input, observed });
  const hash = chained(FIRST_PREVIOUS, 1, decision!, packed.sha256, 1);
  const entry = { seq: 1, decision: decision!, evidence: packed.sha256, previous: FIRST_PREVIOUS, hash, recordedMs: 1 };
  return { entry, blobs: packed.blobs };
}

test('an observation comes out of its counts again, to the letter', () => {
  const again = observeAgain(observed);
  expect(again.ok && again.value).toEqual(observation);
});

test('a decision is explained from counts alone: what was observed is not among the evidence', async () => {
  const { entry, blobs } = held();
  expect(entry.decision).toMatchObject({ action: 'hold', trigger: 'producer_changed', cause: 'unit_change' });
  const told = await explainDecision(entry, async (hash) => blobs.get(hash) ?? null);
  expect(told).toMatchObject({ agrees: true, why: '' });
  const texts = [...blobs.values()].map((bytes) => Buffer.from(bytes).toString());
  expect(texts.filter((text) => text.includes('"spans"') && text.includes('"cause"'))).toEqual([]);
});

test('other counts under their own hashes lead elsewhere, and that is told', async () => {
  const { entry } = held();
  const healthy = packInput(inputOf());
  const { state } = step(policy, firstState(observation.stream), {
    kind: 'alert',
    key: 'a',
    trigger: '',
    atMs: 0,
    firing: true,
  });
  const input: Input = { kind: 'observation', key: 'grain', observation };
  const forged = evidenceOf({ policy, state, input, observed: healthy });
  const told = await explainDecision({ ...entry, evidence: forged.sha256 }, async (h) => forged.blobs.get(h) ?? null);
  expect(told.agrees).toBe(false);
});

test('one altered byte of every part of the counts is found', async () => {
  const { entry, blobs } = held();
  for (const [name, bytes] of blobs) {
    const altered = Uint8Array.from(bytes);
    altered[altered.length >> 1]! ^= 1;
    expect(sha256Hex(altered)).not.toBe(name);
    const told = await explainDecision(entry, async (h) => (h === name ? altered : (blobs.get(h) ?? null)));
    expect(told).toMatchObject({ agrees: false, recomputed: null });
  }
});
