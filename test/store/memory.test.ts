import { expect, it } from 'vitest';
import { MemoryModelStore, MemoryPartitionStore, MemoryTables } from '../../store/memory.ts';
import { partitionStoreSuite } from './partition-store.suite.ts';

partitionStoreSuite('memory', async () => {
  const tables = new MemoryTables();
  return {
    open: (partition) => {
      const store = new MemoryPartitionStore(tables, partition);
      return { store, failNext: (fault) => store.failNext(fault) };
    },
    damageState: async (which) => {
      const generations = tables.partitions.get(0)?.generations ?? [];
      for (const { checkpoint } of which === 'newest' ? generations.slice(0, 1) : generations)
        checkpoint.state[0]! ^= 1;
    },
    verdicts: async () => [...tables.verdicts.values()],
    incidents: async () => [...tables.incidents.values()],
    deadLetters: async () => [...tables.deadLetters.values()],
    profiles: async () => [...tables.profiles.values()],
    lostRanges: async () =>
      [...tables.lostRanges.values()].map(({ fromOffset, toOffset }) => ({ fromOffset, toOffset })),
  };
});

it('keeps a model under its id and refuses other bytes for it', async () => {
  const models = new MemoryModelStore();
  await models.put('m', 'hosts', Uint8Array.of(1, 2), {});
  await models.put('m', 'hosts', Uint8Array.of(1, 2), {});
  await expect(models.put('m', 'hosts', Uint8Array.of(9), {})).rejects.toThrow(/artifact_mismatch/);
  expect(await models.get('m')).toEqual(Uint8Array.of(1, 2));
  expect(await models.get('none')).toBeNull();
});
