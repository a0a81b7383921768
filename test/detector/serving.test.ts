import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ControlChange } from '../../core/types.ts';
import { changesTowards, type InForce, type Wanted } from '../../detector/serving.ts';

const IDS = ['a', 'b', 'c'] as const;
const ref = (modelId: string) => ({ modelId, sha256: `sha of ${modelId}` });
const modes = fc.constantFrom('forest' as const, 'fallback' as const, 'disabled' as const);
const shares = fc.constantFrom(0, 0.05, 1);
const versions = fc.integer({ min: 1, max: 3 });

const anyInForce: fc.Arbitrary<InForce> = fc
  .record({
    modelId: fc.constantFrom('', ...IDS),
    challengerId: fc.constantFrom('', ...IDS),
    share: shares,
    mode: modes,
    version: fc.option(versions),
  })
  .map(({ modelId, challengerId, share, mode, version }) => {
    const other = challengerId === modelId ? '' : challengerId;
    const calibration = version === null ? null : { modelId, version };
    return { modelId, challengerId: other, share: other === '' ? 0 : share, mode, calibration };
  });

const anyWanted: fc.Arbitrary<Wanted> = fc
  .record({
    champion: fc.option(fc.constantFrom(...IDS)),
    challenger: fc.option(fc.constantFrom(...IDS)),
    share: shares,
    mode: modes,
    version: fc.option(versions),
    of: fc.constantFrom(...IDS),
  })
  .map(({ champion, challenger, share, mode, version, of }) => ({
    champion: champion === null ? null : ref(champion),
    challenger: challenger === null || challenger === champion ? null : { ...ref(challenger), share },
    calibration: version === null ? null : { modelId: of, version, alertRate: 0.01, combined: null, dismissals: [] },
    mode,
    reason: 'wanted',
  }));

/** What a fold makes of a change; each lane keeps its calibration. */
class Lanes {
  readonly calibrations = new Map<string, number>();
  at: InForce;

  constructor(start: InForce) {
    this.at = { ...start };
    if (start.calibration !== null) this.calibrations.set(start.modelId, start.calibration.version);
  }

  apply(change: ControlChange): void {
    const { at } = this;
    if (change.kind === 'mode') at.mode = change.mode;
    else if (change.kind === 'model') {
      const promoted = change.modelId === at.challengerId;
      if (promoted) [at.challengerId, at.share] = [at.modelId, 0];
      else this.calibrations.delete(at.modelId);
      at.modelId = change.modelId;
    } else if (change.kind === 'challenger') {
      expect(change.modelId).not.toBe(at.modelId === '' ? null : at.modelId);
      if (change.modelId !== at.challengerId) this.calibrations.delete(at.challengerId);
      [at.challengerId, at.share] = [change.modelId, change.share];
    } else if (change.kind === 'calibration' && [at.modelId, at.challengerId].includes(change.modelId))
      this.calibrations.set(change.modelId, change.version);
    const version = this.calibrations.get(at.modelId);
    at.calibration = version === undefined ? null : { modelId: at.modelId, version };
  }
}

test('the changes lead to what is wanted, and then there are none', () => {
  fc.assert(
    fc.property(anyInForce, anyWanted, (start, wanted) => {
      const lanes = new Lanes(start);
      for (const change of changesTowards(start, wanted)) lanes.apply(change);
      const { at } = lanes;
      expect(at.mode).toBe(wanted.mode);
      expect(at.modelId).toBe(wanted.champion?.modelId ?? start.modelId);
      const challenger = wanted.challenger?.modelId === at.modelId ? null : wanted.challenger;
      expect([at.challengerId, at.share]).toEqual([challenger?.modelId ?? '', challenger?.share ?? 0]);
      if (wanted.calibration?.modelId === at.modelId) expect(at.calibration?.version).toBe(wanted.calibration.version);
      expect(changesTowards(at, wanted)).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test('a challenger that is wanted as champion is promoted warm, and only then is its own challenger named', () => {
  const start: InForce = { modelId: 'a', challengerId: 'b', share: 1, calibration: null, mode: 'forest' };
  const calibration = { modelId: 'b', version: 2, alertRate: 0.01, combined: null, dismissals: [] };
  const wanted: Wanted = {
    champion: ref('b'),
    challenger: { ...ref('a'), share: 0 },
    calibration,
    mode: 'forest',
    reason: '',
  };
  expect(changesTowards(start, wanted)).toEqual([
    { kind: 'model', ...ref('b') },
    { kind: 'calibration', modelId: 'b', version: 2, alertRate: 0.01 },
  ]);
});

test('the forest stops before and starts after everything else has changed', () => {
  const start: InForce = { modelId: 'a', challengerId: '', share: 0, calibration: null, mode: 'forest' };
  const wanted = (mode: 'forest' | 'fallback'): Wanted => ({
    champion: ref('b'),
    challenger: null,
    calibration: null,
    mode,
    reason: '',
  });
  expect(changesTowards(start, wanted('fallback')).map(({ kind }) => kind)).toEqual(['mode', 'model']);
  expect(changesTowards({ ...start, mode: 'fallback' }, wanted('forest')).map(({ kind }) => kind)).toEqual([
    'model',
    'mode',
  ]);
});
