import { expect, it } from 'vitest';
import { ManualClock } from '../../core/clock.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { Experiment } from '../../detector/ports.ts';
import { PostgresExperimentStore } from '../../store/experiments.ts';
import { MAX_ARTIFACT_BYTES, PostgresModelStore } from '../../store/models.ts';
import { testDatabase } from '../postgres.ts';

const { pool } = await testDatabase();
const clock = new ManualClock(1_000);
const models = new PostgresModelStore(pool, clock);

it('gives a model back byte for byte, and its list without the bytes', async () => {
  const artifact = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255);
  await models.put('m1', 'hosts', artifact, { rows: 5, mean: Number.NaN });
  await models.put('m1', 'hosts', artifact, { rows: 6 });
  clock.advance(1);
  await models.put('m2', 'other', Uint8Array.of(1), {});
  expect(await models.get('m1')).toEqual(artifact);
  expect(await models.get('none')).toBeNull();
  const sha256 = sha256Hex(artifact);
  const about = { rows: 5, mean: 'NaN' };
  expect(await models.list('hosts')).toEqual([
    { id: 'm1', stream: 'hosts', sha256, sizeBytes: 300_000, about, createdMs: 1_000 },
  ]);
  expect((await models.list()).map((model) => model.id)).toEqual(['m2', 'm1']);
});

it('never changes a model', async () => {
  await expect(models.put('m2', 'other', Uint8Array.of(2), {})).rejects.toMatchObject({ code: 'artifact_mismatch' });
  expect(await models.get('m2')).toEqual(Uint8Array.of(1));
});

it('refuses an artifact over the limit', async () => {
  const large = new Uint8Array(MAX_ARTIFACT_BYTES + 1);
  await expect(models.put('m3', 'hosts', large, {})).rejects.toMatchObject({ code: 'artifact_too_large' });
});

it('does not hand out a model whose bytes have decayed', async () => {
  await pool.query("UPDATE models SET bytes = set_byte(bytes, 0, 9) WHERE id = 'm2'");
  await expect(models.get('m2')).rejects.toMatchObject({ code: 'artifact_corrupt' });
});

it('points a role at one model at a time', async () => {
  await models.setRole('hosts', 'champion', 'm1');
  await models.setRole('hosts', 'last_good', 'm1');
  await models.setRole('hosts', 'champion', 'm2');
  expect(await models.roles('hosts')).toEqual({ champion: 'm2', last_good: 'm1' });
  await expect(models.setRole('hosts', 'champion', 'none')).rejects.toThrow();
});

it('remembers experiments, newest first, each written once', async () => {
  const store = new PostgresExperimentStore(pool);
  const make = (id: string, createdMs: number): Experiment => ({
    id,
    kind: 'evaluate',
    hypothesis: null,
    configHash: 'c',
    seed: 1,
    dataHash: 'd',
    codeVersion: 'v',
    metrics: { vus_pr: 0.1 + 0.2 },
    baselineId: null,
    durationMs: 1.5,
    memoryBytes: 2 ** 40,
    verdict: 'iterate',
    createdMs,
  });
  await store.record(make('a', 1));
  await store.record({ ...make('b', 2), metrics: { roc_auc: Number.NaN, f1: 1 } });
  await store.record(make('a', 3));
  expect((await store.list(10)).map((e) => e.id)).toEqual(['b', 'a']);
  expect(await store.get('a')).toEqual(make('a', 1));
  expect((await store.get('b'))?.metrics).toEqual({ f1: 1 });
  expect(await store.get('none')).toBeNull();
});

it('names the champion with its hash, and lets the first one stay', async () => {
  expect(await models.champion('first')).toBeNull();
  await models.put('mine', 'first', Uint8Array.of(1), {});
  await models.put('theirs', 'first', Uint8Array.of(2), {});
  const [a, b] = await Promise.all([models.firstChampion('first', 'mine'), models.firstChampion('first', 'theirs')]);
  expect(a).toEqual(b);
  expect(await models.firstChampion('first', 'mine')).toEqual(a);
  await models.setRole('first', 'champion', 'theirs');
  expect(await models.champion('first')).toEqual({ modelId: 'theirs', sha256: sha256Hex(Uint8Array.of(2)) });
});
