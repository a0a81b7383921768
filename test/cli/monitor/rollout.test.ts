import { afterAll, beforeAll, expect, test } from 'vitest';
import { monitorStores } from '../../../cli/monitor/stores.ts';
import { systemClock } from '../../../core/clock.ts';
import { inForceOf } from '../../../detector/serving.ts';
import { firstState } from '../../../monitor/decide/step.ts';
import { explainDecision } from '../../../monitor/ledger/explain.ts';
import { simulate } from '../../../monitor/ledger/simulate.ts';
import { verifyChain } from '../../../monitor/ledger/verify.ts';
import type { TrainingWork } from '../../../monitor/training/order.ts';
import { workHere } from '../../../monitor/training/work.ts';
import { SyntheticFleet } from '../../../scenarios/monitor/synthetic.ts';
import { WORLD_START_MS, World, worldConfig } from '../../../scenarios/monitor/world.ts';
import { until } from '../../e2e/up.ts';
import { testDatabase } from '../../postgres.ts';
import { killHolder, StoredPartition, startMonitor } from './site.ts';

/** A fleet of the scenarios, served from and watched through a real database: hours of event time in lock-step. */
const PERIOD_MS = 600_000;
const PER_HOUR = 6;
const HISTORY_DAYS = 12;
const stream = worldConfig('fleet', { shadow: '4h', step: '4h', steps: [0.25, 1], watch: '6h' });
const database = await testDatabase();
const telemetry = new SyntheticFleet(1, 12, PERIOD_MS);
const world = new World({ telemetry, faults: [], seed: 1, startMs: WORLD_START_MS });
const partition = new StoredPartition(
  database,
  stream,
  (_value, _appendMs, sink) => world.step(sink),
  (offset) => WORLD_START_MS + (offset + 1) * PERIOD_MS,
);

const here = workHere(systemClock);
let trainings = 0;
/** The first to train dies of it: its hold is gone when it has a model. */
const workOf = (owner: string): TrainingWork => ({
  ...here,
  train: async (order, signal) => {
    const trained = await here.train(order, signal);
    if (trainings++ === 0) await killHolder(database, owner);
    return trained;
  },
});
const monitors: ReturnType<typeof startMonitor>[] = [];
const stores = monitorStores(database.pool, systemClock);
const { monitor: store } = stores;
afterAll(() => Promise.all(monitors.map(({ end }) => end())));

const inCharge = () => monitors.find(({ monitor }) => monitor.active) ?? null;
const decisions = async () => (await store.ledger({ stream: stream.name })).map(({ decision }) => decision);
const phase = async () => (await store.state(stream.name))!.rollout.phase;

/** An hour passes: it is folded, looked at, and what was decided is in force before the next. */
async function hour(): Promise<void> {
  await partition.records(PER_HOUR);
  const wholeMs = Math.floor((partition.fold.watermarkMs - stream.window.sizeMs) / 3_600_000) * 3_600_000;
  await until('it has looked', async () => ((await store.state(stream.name))?.seen?.atMs ?? 0) >= wholeMs);
  await partition.follow();
}

beforeAll(async () => {
  await partition.claim();
  for (let day = 0; day < HISTORY_DAYS; day++) await partition.records(24 * PER_HOUR);
  await partition.train();
  for (const owner of ['first', 'second'])
    monitors.push(startMonitor(database, owner, { stream, work: workOf(owner) }));
  await until('it is adopted', async () => (await store.state(stream.name))?.serving.champion ?? null);
  for (let h = 0; h < 3; h++) await hour();
}, 120_000);

test('a candidate is trained, evaluated, shadows, serves a part and then all, though its controller dies on the way', async () => {
  const before = inCharge()!;
  const asked = await before.monitor.parts().command(stream.name, { kind: 'retrain' }, 'operator:ann', '');
  expect(asked.ok && asked.value.map(({ action, result }) => [action, result])).toEqual([['retrain', 'done']]);
  await until('the other one decides', () => inCharge() !== null && inCharge() !== before);
  await until('it is in the shadow', async () => {
    if ((await phase()) === 'idle') throw new Error((await decisions()).at(-1)!.reason);
    return (await phase()) === 'shadow';
  });
  expect(trainings).toBe(2);
  await partition.follow();
  const phases = new Set<string>();
  for (let h = 0; h < 40 && (await phase()) !== 'idle'; h++) {
    phases.add(await phase());
    await hour();
  }
  expect([...phases]).toEqual(['shadow', 'canary', 'watching']);
  const done = (await decisions()).filter(({ result }) => result === 'done');
  expect(done.map(({ action }) => action)).toEqual([
    'promote',
    'retrain',
    'start_shadow',
    'start_canary',
    'canary_step',
    'promote',
    'keep_champion',
  ]);
}, 120_000);

test('what was decided is in force: in the fold, in the registry and in the verdicts', async () => {
  const champion = (await store.state(stream.name))!.serving.champion!;
  expect(champion.modelId).not.toBe(partition.modelId);
  expect(inForceOf(partition.fold.state)).toMatchObject({ modelId: champion.modelId, challengerId: '' });
  const [newest, first] = await stores.registry.list(stream.name);
  expect(newest).toMatchObject({ id: champion.modelId, roles: ['champion'], lineage: { parent: partition.modelId } });
  expect(newest!.evaluation).toMatchObject({ champion: { modelId: partition.modelId } });
  expect(first).toMatchObject({ id: partition.modelId, roles: ['last_good'] });
  const { rows } = await database.pool.query<{ model_id: string }>(
    'SELECT DISTINCT model_id FROM verdicts WHERE stream = $1 AND window_start_ms >= $2',
    [stream.name, partition.fold.watermarkMs - 2 * 3_600_000],
  );
  expect(rows.map(({ model_id }) => model_id)).toEqual([champion.modelId]);
});

test('its ledger verifies, explains itself from the evidence, and simulates to itself', async () => {
  const entries = await store.ledger({});
  expect(await verifyChain(entries)).toEqual({ ok: true, entries: entries.length });
  for (const entry of entries)
    expect(await explainDecision(entry, (sha256) => store.evidence(sha256))).toMatchObject({ agrees: true, why: '' });
  const { inputs } = await store.recorded(stream.name, 0, Number.MAX_SAFE_INTEGER);
  const policy = inCharge()!.monitor.policies.of(stream.name);
  const simulated = simulate(policy, firstState(stream.name), inputs, { recordedUnder: policy });
  expect(simulated.decisions).toEqual(await decisions());
});
