import { describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import type { Verdict } from '../../core/types.ts';
import { Fold } from '../../detector/fold.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { BASELINE_WINDOWS } from '../../detector/peer-baseline.ts';
import { decoder, makeModel, newOutputs, recordOf, testConfig } from './make.ts';

const config = testConfig();
const METRICS = 3;
const STEP_MS = 10_000;
const model = makeModel(config, ['a', 'b'], METRICS);

/** Windows of an entity that the model never saw, at a level and scale of its own; the last `struck` of them altered. */
function newcomer(windows: number, struck = 0): ReturnType<typeof recordOf>[] {
  const random = new Random(9);
  let level = 0;
  return Array.from({ length: windows }, (_, w) => {
    level = 0.9 * level + random.normal();
    const values = Array.from({ length: METRICS }, (_, m) => 7000 + 50 * level + 5 * (m + 1) * random.normal());
    if (w >= windows - struck) values[1]! += 5000;
    return recordOf(w, w * STEP_MS, [{ entity: 'new', timeMs: w * STEP_MS, names: ['m0', 'm1', 'm2'], values }]);
  });
}

function fold(): Fold {
  const made = new Fold(config, decoder);
  const entry = { kind: 'model', modelId: modelIdOf(model), sha256: '', offset: 0, sequence: 1 } as const;
  made.control(entry, newOutputs(), model);
  return made;
}

function verdictsOf(records: ReturnType<typeof newcomer>, on = fold()): Verdict[] {
  const out = newOutputs();
  for (const record of records) on.record(record, out);
  return out.verdicts;
}

describe('an entity that came after training', () => {
  const verdicts = verdictsOf(newcomer(200, 3));

  test('is served by the fallback while its baseline settles, then by the forest', () => {
    const sources = verdicts.map(({ source }) => source);
    expect(sources.indexOf('forest')).toBe(BASELINE_WINDOWS);
    expect(new Set(sources.slice(BASELINE_WINDOWS))).toEqual(new Set(['forest']));
  });

  test('stays on probation until it is trained upon', () => {
    expect(verdicts.slice(BASELINE_WINDOWS).every(({ probation }) => probation)).toBe(true);
  });

  test('is judged by its own level: what is usual for it is not severe, a strike is, and is named', () => {
    const usual = verdicts.slice(BASELINE_WINDOWS + 20, -4).map(({ severity }) => severity);
    const struck = verdicts.at(-1)!;
    expect(struck.severity).toBeGreaterThan(1);
    // Sixty windows tell its level roughly, so that a few usual windows alarm too: that is what probation says.
    expect(usual.filter((severity) => severity > struck.severity).length).toBeLessThanOrEqual(usual.length / 50);
    expect(struck.attributions[0]!.metric).toBe('m1');
    expect(usual.filter((severity) => severity > 1).length).toBeLessThanOrEqual(usual.length / 20);
  });
});

test.each([1, 30, BASELINE_WINDOWS, BASELINE_WINDOWS + 1, 100])(
  'saved in the middle of its baseline or after it (window %d), it goes on bit for bit',
  (cut) => {
    const records = newcomer(150);
    const whole = fold();
    const all = verdictsOf(records, whole);
    const first = fold();
    const before = verdictsOf(records.slice(0, cut), first);
    const restored = Fold.restore(config, decoder, first.save(), model);
    if (!restored.ok) throw new Error(restored.fault.detail);
    const after = verdictsOf(records.slice(cut), restored.value);
    expect([...before, ...after]).toEqual(all);
    expect(Buffer.compare(restored.value.save(), whole.save())).toBe(0);
  },
);
