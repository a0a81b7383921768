import { ManualClock } from '../../../core/clock.ts';
import { MemoryMonitorStore } from '../../../monitor/memory/monitor-store.ts';
import { MemoryRegistry } from '../../../monitor/memory/registry.ts';
import { MonitorTables } from '../../../monitor/memory/tables.ts';
import { monitorStoreSuite } from '../../store/monitor-store.suite.ts';

monitorStoreSuite('memory', async () => {
  const tables = new MonitorTables();
  const clock = new ManualClock(1_000);
  return {
    open: () => ({ store: new MemoryMonitorStore(tables, clock), registry: new MemoryRegistry(tables, clock) }),
    endHolder: async () => tables.loseHold(),
    addProfiles: async (profiles) => tables.addProfiles(profiles),
    setWatermark: async (partition, watermarkMs) => tables.setWatermark('hosts', partition, watermarkMs),
    outboxIds: async () => [...tables.outbox.keys()].sort(),
  };
});
