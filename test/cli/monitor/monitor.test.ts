import { afterAll, expect, test } from 'vitest';
import { firstState } from '../../../monitor/decide/step.ts';
import { explainDecision } from '../../../monitor/ledger/explain.ts';
import { simulate } from '../../../monitor/ledger/simulate.ts';
import { until } from '../../e2e/up.ts';
import { testDatabase } from '../../postgres.ts';
import { FoldedStream, killHolder, STREAM, startMonitor } from './site.ts';

const database = await testDatabase();
const stream = new FoldedStream(database);
const first = startMonitor(database, 'first');
const { monitor: store } = first.stores;
let second: ReturnType<typeof startMonitor> | null = null;
afterAll(async () => {
  await first.end();
  await second?.end();
});

const lookedTo = async (ms: number) => ((await store.state(STREAM.name))?.seen?.atMs ?? 0) >= ms;
/** End of the newest grain that is whole by now. */
const wholeMs = () => Math.floor((stream.timeMs - 1_000 - 2_000) / 10_000) * 10_000;
const decisions = async () => (await store.ledger({ stream: STREAM.name })).map(({ decision }) => decision);

test('it adopts the model that a stream trained by itself', async () => {
  await stream.claim();
  await stream.pass(400);
  await stream.train();
  await until('it decides', () => first.monitor.active);
  const state = await until('it is adopted', async () => {
    const found = await store.state(STREAM.name);
    return found?.serving.champion?.modelId === stream.modelId ? found : null;
  });
  expect((await decisions()).map(({ action, actor }) => [action, actor])).toEqual([['promote', 'controller']]);
  expect(state.trainedMs).toBeLessThanOrEqual(stream.timeMs);
  expect(await stream.follow()).toEqual([]);
});

test('it looks at each whole grain once, and what it sees is in the figures', async () => {
  const fromMs = stream.timeMs;
  for (let grain = 0; grain < 12; grain++) {
    await stream.pass(10);
    await until('it has looked', () => lookedTo(wholeMs()));
  }
  const seen = await store.observations(STREAM.name, fromMs, stream.timeMs);
  const times = seen.map(({ atMs }) => atMs);
  expect(times).toEqual(times.map((_, i) => times[0]! + i * 10_000));
  expect(seen.length).toBeGreaterThanOrEqual(11);
  const last = seen.at(-1)!;
  expect([last.modelId, last.windows, last.entities]).toEqual([stream.modelId, 80, 8]);
  expect(last.spans.interval.psi_feature?.value).toBeGreaterThan(0);
  // ten intervals of training are too few for limits
  expect(last.cause.kind).toBe('unknown');
  const text = await first.metrics.text();
  expect(text).toContain('\ntidewatch_monitor_active 1');
  expect(text).toContain('tidewatch_controller_state{stream="shop"} 0');
  expect(text).toMatch(/tidewatch_drift_psi\{stream="shop",feature="cpu__mean__1s"\} \d/);
  expect(text).toContain(`tidewatch_figures_timestamp_seconds{stream="shop"} ${last.atMs / 1000}`);
  expect((await decisions()).filter(({ action }) => action === 'hold' || action === 'roll_back')).toEqual([]);
});

test('of a unit that a producer changed it holds, says why, and can prove it', async () => {
  await stream.pass(70, 1_000);
  const held = await until('it holds', async () => (await decisions()).find(({ action }) => action === 'hold') ?? null);
  expect([held.trigger, held.cause, held.result]).toEqual(['producer_changed', 'unit_change', 'done']);
  const entry = (await store.decision(held.id))!;
  const explained = await explainDecision(entry, (sha256) => store.evidence(sha256));
  expect([explained.agrees, explained.why]).toEqual([true, '']);
  expect((await decisions()).some(({ action }) => action === 'roll_back')).toBe(false);
});

test('what it took is kept, so that its own policy simulates to exactly its ledger', async () => {
  const { before, inputs } = await store.recorded(STREAM.name, 0, stream.timeMs);
  expect(before).toBeNull();
  const policy = first.monitor.policies.of(STREAM.name);
  const simulated = simulate(policy, firstState(STREAM.name), inputs, { recordedUnder: policy });
  expect(simulated.decisions).toEqual(await decisions());
});

test('a second one stands by, and decides when the session of the first is killed', async () => {
  second = startMonitor(database, 'second');
  const command = { kind: 'suspend' } as const;
  const refused = await second.monitor.parts().command(STREAM.name, command, 'operator:test', '');
  expect([second.monitor.active, refused.ok]).toEqual([false, false]);
  expect(await second.metrics.text()).toContain('\ntidewatch_monitor_active 0');
  await until('the second decides', async () => {
    // whichever has it: the first may be back before the second has asked
    if (first.monitor.active) await killHolder(database, 'first');
    return second!.monitor.active;
  });
  await until('the first stands by', () => !first.monitor.active);
  await stream.pass(30);
  await until('it has looked', () => lookedTo(wholeMs()));
  const done = await second.monitor.parts().command(STREAM.name, command, 'operator:test', 'by hand');
  expect(done.ok && done.value.map(({ action, actor }) => [action, actor])).toEqual([['suspend', 'operator:test']]);
  expect(await second.metrics.text()).toContain('tidewatch_controller_state{stream="shop"} 8');
  expect(await first.metrics.text()).not.toContain('tidewatch_controller_state{stream="shop"}');
});
