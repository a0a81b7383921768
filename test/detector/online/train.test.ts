import { describe, expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import { Random } from '../../../core/random.ts';
import type { Verdict } from '../../../core/types.ts';
import { Fold } from '../../../detector/fold.ts';
import { loadModel } from '../../../detector/model.ts';
import { modelIdOf, OfflineRun, trainArtifact } from '../../../detector/offline.ts';
import { SYNTHETIC_KINDS, synthetic } from '../../../detector/online/synthetic.ts';
import type { LogRecord } from '../../../ingest/ports.ts';
import { decoder, foldAll, makeModel, makeRows, newOutputs, recordOf, testConfig } from '../make.ts';

const config = testConfig({ training: { windows: 200, minWindows: 64 } });

/** A record a window for each entity that is there by then; b breaks out in its last rows, `late` comes after training. */
function telemetry(rows: number): LogRecord[] {
  const random = new Random(5);
  const log: LogRecord[] = [];
  for (let t = 0; t < rows; t++) {
    for (const entity of ['a', 'b', ...(t > 250 ? ['late'] : [])]) {
      const off = entity === 'b' && t >= rows - 5 ? 30 : 0;
      const values = [random.normal() + off, 100 + 3 * random.normal() - off];
      log.push(recordOf(log.length, t * 10_000, [{ entity, timeMs: t * 10_000, names: ['m0', 'm1'], values }]));
    }
  }
  return log;
}

describe('a stream that trains by itself', () => {
  const verdicts: Verdict[] = [];
  const run = new OfflineRun({ config, decoder, selfTrain: true, onOutputs: (out) => verdicts.push(...out.verdicts) });
  const log = telemetry(500);
  for (const record of log) run.record(record);
  run.finish(log.length);
  const of = (entity: string) => verdicts.filter((verdict) => verdict.entity === entity);

  test('is served by its forest from the window on that completes its history', () => {
    expect(run.trainingFault).toBeNull();
    const sources = of('a').map((verdict) => verdict.source);
    const change = sources.indexOf('forest');
    expect(change).toBeGreaterThanOrEqual(199);
    expect(change).toBeLessThan(205);
    expect(sources.slice(change).every((source) => source === 'forest')).toBe(true);
    expect(of('a').at(-1)!.modelId).toBe(run.fold.state.modelId);
  });

  test('serves entities that come later by the same forest from their first row, on probation for fifty', () => {
    expect(of('late')[0]!.source).toBe('forest');
    expect(of('late').findIndex((verdict) => !verdict.probation)).toBe(50);
  });

  test('finds what breaks out, and little else', () => {
    expect(
      Math.max(
        ...of('b')
          .slice(-5)
          .map((verdict) => verdict.severity),
      ),
    ).toBeGreaterThan(1);
    expect(
      of('a')
        .slice(50)
        .filter((verdict) => verdict.severity > 1).length,
    ).toBeLessThan(3);
    const onset = of('b')
      .slice(-5)
      .find((verdict) => verdict.severity > 1)!;
    expect(onset.attributions.map((a) => a.share).reduce((x, y) => x + y)).toBeCloseTo(1, 12);
  });

  test('serves without its forest in mode fallback, and with it again afterwards', () => {
    const artifact = orThrow(trainArtifact(makeRows(['a'], 200, 2), config, 'online')).artifact;
    const fold = new Fold(config, decoder);
    fold.control(
      { kind: 'model', modelId: modelIdOf(artifact), sha256: '', offset: 0, sequence: 1 },
      newOutputs(),
      artifact,
    );
    fold.control({ kind: 'mode', mode: 'fallback', reason: 'test', offset: 0, sequence: 2 }, newOutputs());
    const first = foldAll(config, log.slice(0, 100), fold).out.verdicts;
    fold.control({ kind: 'mode', mode: 'forest', reason: 'test', offset: 100, sequence: 3 }, newOutputs());
    const second = foldAll(config, log.slice(100, 200), fold).out.verdicts;
    expect(new Set(first.map((verdict) => verdict.source))).toEqual(new Set(['fallback']));
    expect(new Set(second.map((verdict) => verdict.source))).toEqual(new Set(['forest']));
  });

  test('resumes bit for bit from any saved state', () => {
    const artifact = orThrow(trainArtifact(makeRows(['a', 'b'], 200, 2), config, 'online')).artifact;
    const served = () => {
      const fold = new Fold(config, decoder);
      fold.control(
        { kind: 'model', modelId: modelIdOf(artifact), sha256: '', offset: 0, sequence: 1 },
        newOutputs(),
        artifact,
      );
      return fold;
    };
    const whole = foldAll(config, log, served());
    for (const cut of [0, 1, 300, 700]) {
      const first = foldAll(config, log.slice(0, cut), served());
      const restored = orThrow(Fold.restore(config, decoder, first.fold.save(), artifact));
      const rest = foldAll(config, log.slice(cut), restored);
      expect([...first.out.verdicts, ...rest.out.verdicts]).toEqual(whole.out.verdicts);
      expect(Buffer.compare(rest.fold.save(), whole.fold.save())).toBe(0);
    }
  });

  test('keeps no tails for an entity that its profile serves, and makes new ones when the profile goes', () => {
    const profile = makeModel(config, ['a'], 2);
    const online = orThrow(trainArtifact(makeRows(['a'], 200, 2), config, 'online')).artifact;
    const fold = new Fold(config, decoder);
    const serve = (bytes: Uint8Array, sequence: number) =>
      fold.control({ kind: 'model', modelId: modelIdOf(bytes), sha256: '', offset: 0, sequence }, newOutputs(), bytes);
    foldAll(config, log.slice(0, 100), fold);
    expect(fold.state.entities.get('a')!.champion.fallback).not.toBeNull();
    serve(profile, 1);
    expect(fold.state.entities.get('a')!.champion.fallback).toBeNull();
    expect(fold.state.entities.get('b')!.champion.fallback).not.toBeNull();
    serve(online, 2);
    expect(fold.state.entities.get('a')!.champion.fallback).not.toBeNull();
    expect(foldAll(config, log.slice(100, 300), fold).out.verdicts.every((v) => v.source === 'forest')).toBe(true);
  });
});

describe('online training', () => {
  test('gives the same bytes for the same rows, and a model that loads as what it is', () => {
    const train = () => orThrow(trainArtifact(makeRows(['a', 'b'], 200, 3), config, 'online'));
    const { artifact, summary } = train();
    expect(Buffer.compare(artifact, train().artifact)).toBe(0);
    expect(orThrow(loadModel(artifact)).evidence).toBe('online');
    expect(summary).toMatchObject({ entities: 2, rows: 400, forestRows: 600, leftOut: [] });
  });

  test('says when there is too little to learn from', () => {
    const trained = trainArtifact(makeRows(['a'], 30, 1), config, 'online');
    expect(trained.ok ? '' : trained.fault.code).toBe('too_little_data');
    const empty = makeRows(['a'], 100, 1).map((row) => ({ ...row, values: row.values.map(() => Number.NaN) }));
    expect(trainArtifact(empty, config, 'online')).toMatchObject({ ok: false, fault: { code: 'too_little_data' } });
  });

  test('every kind of synthetic series is finite, moves, and is drawn anew from the same seed', () => {
    for (let kind = 0; kind < SYNTHETIC_KINDS; kind++) {
      const series = synthetic(kind, new Random(3));
      expect(series.every(Number.isFinite)).toBe(true);
      expect(new Set(series).size).toBeGreaterThan(1);
      expect(synthetic(kind, new Random(3))).toEqual(series);
    }
  });
});
