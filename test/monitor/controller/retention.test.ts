import { expect, test } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import { retainModels } from '../../../monitor/controller/retention.ts';
import { draft } from '../../../monitor/decide/drafts.ts';
import { MemoryRegistry } from '../../../monitor/memory/registry.ts';
import { MonitorTables } from '../../../monitor/memory/tables.ts';
import type { Decision, DecisionAction, Lineage } from '../../../monitor/types.ts';

const decided = (action: DecisionAction): Decision => ({ id: 'shop-1', stream: 'shop', atMs: 0, ...draft(action, '') });

async function registryOf(count: number) {
  const tables = new MonitorTables();
  const clock = new ManualClock();
  const registry = new MemoryRegistry(tables, clock);
  for (let n = 1; n <= count; n++) {
    clock.advance(1000);
    await registry.put('shop', `m${n}`, Uint8Array.of(n), {} as Lineage);
  }
  return { tables, registry };
}

test('when a rollout ends old models go, and none that serves, is ready, or is kept', async () => {
  const { tables, registry } = await registryOf(6);
  tables.setRole('shop', 'last_good', { modelId: 'm1', sha256: '' });
  await registry.keep('m2', true);
  expect(await retainModels(registry, 'shop', [decided('promote')], 2)).toEqual(['m3', 'm4']);
  expect((await registry.list('shop')).map(({ id }) => id)).toEqual(['m6', 'm5', 'm2', 'm1']);
  // done again it changes nothing, so nobody need know whether it was
  expect(await retainModels(registry, 'shop', [decided('promote')], 2)).toEqual([]);
});

test('what ends no rollout removes nothing', async () => {
  const { registry } = await registryOf(6);
  expect(await retainModels(registry, 'shop', [decided('retrain'), decided('hold')], 1)).toEqual([]);
  expect(await registry.list('shop')).toHaveLength(6);
});
