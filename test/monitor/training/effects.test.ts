import { beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import { loadModel } from '../../../detector/model.ts';
import { modelIdOf, trainArtifact } from '../../../detector/offline.ts';
import { freezeGolden, trainingEffects } from '../../../monitor/training/effects.ts';
import { gatesOf } from '../../../monitor/training/gates.ts';
import { MemoryGoldenSets } from '../../../monitor/training/golden.ts';
import { qualityFigure, qualityInput } from '../../../monitor/training/quality-figure.ts';
import { workHere } from '../../../monitor/training/work.ts';
import type { Effect, EffectResult, Evaluation, ModelRef } from '../../../monitor/types.ts';
import { dataOf, ENTITIES, HOP_MS, incidentOf, labelOf, MapRegistry, rowsOf, trainingConfig } from './make.ts';

const config = trainingConfig();
const signal = new AbortController().signal;
const toMs = 900 * HOP_MS;
const train: Effect = { id: 'e1', decision: 's-1', kind: 'train', seed: 5, quarantine: [], toMs };

function stage(rows = rowsOf(900), more: object = {}) {
  const registry = new MapRegistry();
  const first = trainArtifact(rows.slice(), config, 'profile', { trees: 20 });
  if (!first.ok) throw new Error(first.fault.detail);
  const champion = registry.first(modelIdOf(first.value.artifact), first.value.artifact);
  const golden = new MemoryGoldenSets();
  const data = dataOf({ rows, ...more });
  const work = workHere(new ManualClock());
  const deps = {
    config: (name: string) => (name === 's' ? config : null),
    data,
    registry,
    golden,
    work,
    codeVersion: 'v',
  };
  return { registry, champion, golden, data, work, deps, runner: trainingEffects(deps) };
}

function expectKind<K extends EffectResult['kind']>(result: EffectResult, kind: K): Extract<EffectResult, { kind: K }> {
  expect(result, JSON.stringify(result)).toMatchObject({ kind });
  return result as Extract<EffectResult, { kind: K }>;
}

const evaluateOf = (candidate: ModelRef, champion: ModelRef | null): Effect => ({
  id: 'e2',
  decision: 's-1',
  kind: 'evaluate',
  candidate,
  champion,
  toMs,
});

describe('the effects of training', () => {
  const it1 = stage(rowsOf(900), { incidents: [incidentOf('db-1', 100, 110)] });
  let trained: Extract<EffectResult, { kind: 'trained' }>;
  let evaluated: Extract<EffectResult, { kind: 'evaluated' }>;
  beforeAll(async () => {
    trained = expectKind(await it1.runner.run(train, signal), 'trained');
    evaluated = expectKind(await it1.runner.run(evaluateOf(trained.model, it1.champion), signal), 'evaluated');
  });

  it('a retraining has the parameters of the champion and a lineage that says what it was made of', () => {
    const { lineage } = trained;
    expect(lineage).toMatchObject({
      parent: it1.champion.modelId,
      seed: 5,
      codeVersion: 'v',
      entities: ENTITIES.length,
    });
    expect(lineage.parameters).toMatchObject({ trees: 20 });
    expect(lineage.leftOut.map(({ reason }) => reason)).toContain('in or around an incident');
    expect(lineage.rows + lineage.leftOut.reduce((sum, { windows }) => sum + windows, 0)).toBe(900 * ENTITIES.length);
    expect(lineage.cost.memoryBytes).toBeGreaterThan(0);
  });

  it('the same effect again gives the same bytes, another seed others', async () => {
    const again = expectKind(await it1.runner.run(train, signal), 'trained');
    expect(again.model).toEqual(trained.model);
    const other = expectKind(await it1.runner.run({ ...train, seed: 6 }, signal), 'trained');
    expect(other.model.sha256).not.toBe(trained.model.sha256);
  });

  it('a candidate like its champion passes every gate, and is far better than chance', () => {
    const { evaluation, gates } = evaluated;
    expect(gates.filter(({ passed }) => !passed)).toEqual([]);
    expect(evaluation.basis).toBe('injected');
    expect(evaluation.candidateQuality).toBeGreaterThan(evaluation.random + 0.3);
    expect(evaluation.difference![0]).toBeLessThanOrEqual(0);
    expect(evaluation.golden).not.toBeNull();
    expect(it1.registry.models.get(trained.model.modelId)!.evaluated).toBe(true);
  });

  it('the champion is judged by the calibration that is in force, the candidate by its own', async () => {
    const model = loadModel((await it1.registry.get(it1.champion.modelId))!);
    if (!model.ok) throw new Error(model.fault.detail);
    const combined = Array.from(model.value.calibration.combined, (knot) => knot / 4);
    const calibration = { modelId: it1.champion.modelId, version: 2, alertRate: 0.01, combined, dismissals: [] };
    const effect = { ...evaluateOf(trained.model, it1.champion), calibration } as Effect;
    const { evaluation } = expectKind(await it1.runner.run(effect, signal), 'evaluated');
    const before = evaluated.evaluation;
    expect(evaluation.championAlertRatio!).toBeGreaterThan(3 * before.championAlertRatio! + 1);
    expect(evaluation.candidateAlertRatio).toBe(before.candidateAlertRatio);
  });

  it('the golden set stays what it was made of first', async () => {
    const before = await it1.golden.get('s');
    await it1.golden.freeze('s', { windows: [], injected: [] });
    await freezeGolden(it1.deps, config, { toMs: toMs / 2, quarantine: [] });
    expect(await it1.golden.get('s')).toEqual(before);
    const other = new MemoryGoldenSets();
    await freezeGolden({ ...it1.deps, golden: other }, config, { toMs: toMs / 2, quarantine: [] });
    expect((await other.get('s'))!.windows.length).toBe(ENTITIES.length);
  });

  it('a candidate of other entities, trained on noise, is refused as worse than the champion', async () => {
    const noise = rowsOf(900, 9).map((row) => ({ ...row, values: row.values.map((x, c) => x * 50 * ((c % 2) + 1)) }));
    const bad = trainArtifact(noise, config, 'profile');
    if (!bad.ok) throw new Error(bad.fault.detail);
    const it2 = stage();
    const ref = it2.registry.first(modelIdOf(bad.value.artifact), bad.value.artifact);
    const { gates } = expectKind(await it2.runner.run(evaluateOf(ref, it2.champion), signal), 'evaluated');
    expect(gates.filter(({ passed }) => !passed).map(({ gate }) => gate)).toContain('champion');
  });

  it('a corrupt or foreign candidate is refused with the check that failed', async () => {
    const it2 = stage();
    const whole = (await it2.registry.get(it2.champion.modelId))!;
    const torn = whole.slice();
    torn[torn.length >> 1]! ^= 1;
    const corrupt = it2.registry.first('torn', torn);
    expect(await it2.runner.run(evaluateOf(corrupt, null), signal)).toMatchObject({ code: 'artifact_corrupt' });
    const foreign = trainArtifact(rowsOf(), trainingConfig({ schemaVersion: 2 }), 'profile');
    if (!foreign.ok) throw new Error(foreign.fault.detail);
    const other = it2.registry.first('foreign', foreign.value.artifact);
    const mismatch = await it2.runner.run(evaluateOf(other, null), signal);
    expect(mismatch).toMatchObject({ kind: 'failed', code: 'artifact_mismatch' });
    expect(mismatch).toMatchObject({ detail: expect.stringContaining('schema') });
    const swapped = await it2.runner.run(evaluateOf({ ...it2.champion, sha256: 'x' }, null), signal);
    expect(swapped).toMatchObject({ code: 'artifact_mismatch' });
  });

  it('with enough labels it is their PR-AUC that counts', async () => {
    const rows = rowsOf(900);
    const labels = ENTITIES.flatMap((entity) => [
      labelOf(entity, 830, 836, 'anomalous'),
      labelOf(entity, 850, 870, 'normal'),
    ]);
    for (const row of rows) {
      const window = row.windowStartMs / HOP_MS;
      if (window >= 830 && window < 836) row.values[0]! += 200;
    }
    const it2 = stage(rows, { labels });
    const made = expectKind(await it2.runner.run(train, signal), 'trained');
    const { evaluation } = expectKind(await it2.runner.run(evaluateOf(made.model, it2.champion), signal), 'evaluated');
    expect(evaluation).toMatchObject({ basis: 'labels', positives: 36, windows: 36 + 120, random: 36 / 156 });
    expect(evaluation.candidateQuality).toBeGreaterThan(0.5);
  });

  it('too little data is an answer, and an unknown stream too', async () => {
    const it2 = stage();
    const few = trainingEffects({ ...it2.deps, data: dataOf({ rows: rowsOf(10) }) });
    expect(await few.run(train, signal)).toMatchObject({ kind: 'failed', code: 'too_little_data' });
    expect(await few.run(evaluateOf(it2.champion, null), signal)).toMatchObject({ code: 'too_little_data' });
    expect(await it2.runner.run({ ...train, decision: 'gone-1' }, signal)).toMatchObject({ code: 'not_found' });
  });

  it('a model whose entities rank their scores by themselves is not calibrated anew', async () => {
    const online = trainArtifact(rowsOf(), config, 'online');
    if (!online.ok) throw new Error(online.fault.detail);
    const it2 = stage();
    const { modelId } = it2.registry.first('online', online.value.artifact);
    const order: Effect = { id: 'e3', decision: 's-1', kind: 'recalibrate', modelId, version: 2, toMs, quarantine: [] };
    expect(await it2.runner.run(order, signal)).toMatchObject({ kind: 'failed', code: 'argument_invalid' });
  });

  it('the quality of a champion on its newest windows is near that at its promotion', async () => {
    const { deps, champion } = it1;
    const now = await qualityFigure(deps, config, { modelId: champion.modelId, toMs, quarantine: [] }, signal);
    if (!now.ok) throw new Error(now.fault.detail);
    const input = qualityInput(now.value, { basis: 'injected', quality: evaluated.evaluation.championQuality! });
    expect(input!.relative).toBeGreaterThan(0.95);
    expect(qualityInput({ ...now.value, quality: 0.2 }, { basis: 'injected', quality: 0.9 })!.relative).toBeLessThan(
      0.5,
    );
    expect(qualityInput(now.value, { basis: 'labels', quality: 0.9 })).toBeNull();
    expect(qualityInput(now.value, null)).toBeNull();
  });
});

describe('the gates', () => {
  const ref = { modelId: 'm', sha256: 'x' };
  const good: Evaluation = {
    candidate: ref,
    champion: ref,
    basis: 'injected',
    windows: 1000,
    positives: 60,
    candidateQuality: 0.8,
    championQuality: 0.8,
    difference: [-0.1, 0.1],
    robustZ: 0.4,
    random: 0.02,
    candidateAlertRatio: 1,
    championAlertRatio: 1,
    artifactBytes: 1e6,
    memoryBytes: 1e6,
    p99Ms: 0.1,
    worseSegments: [],
    golden: { candidate: 0.8, champion: 0.8 },
  };
  const refused = (more: Partial<Evaluation>) =>
    gatesOf({ ...good, ...more }, config.policy, null)
      .filter(({ passed }) => !passed)
      .map(({ gate }) => gate);

  it('let a good candidate pass, and each fails for its own fault alone', () => {
    expect(refused({})).toEqual([]);
    expect(refused({ artifactBytes: 20_000_001 })).toEqual(['artifact']);
    expect(refused({ memoryBytes: 20_000_001 })).toEqual(['memory']);
    expect(refused({ p99Ms: 50.1 })).toEqual(['latency']);
    expect(refused({ difference: [-0.3, -0.01] })).toEqual(['champion']);
    expect(refused({ difference: null, candidateQuality: 0.7 })).toEqual(['champion']);
    expect(refused({ worseSegments: [{ segment: 'web', difference: -0.3 }] })).toEqual(['segments']);
    expect(refused({ candidateQuality: 0.11 })).toEqual(['random']);
    expect(refused({ golden: { candidate: 0.3, champion: 0.8 } })).toEqual(['golden']);
    expect(refused({ championQuality: null, champion: null, difference: null, golden: null })).toEqual([]);
  });

  it('say when robust z is as good, without refusing', () => {
    const said = gatesOf({ ...good, robustZ: 0.75 }, config.policy, null).find(({ gate }) => gate === 'robust_z')!;
    expect(said.passed).toBe(true);
    expect(said.detail).toContain('nearly as much');
  });
});
