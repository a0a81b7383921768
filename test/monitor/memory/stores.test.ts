import { ManualClock } from '../../../core/clock.ts';
import type { Incident, Verdict } from '../../../core/types.ts';
import { MemoryAudit, MemoryTokens } from '../../../monitor/memory/access.ts';
import { MemoryLabels } from '../../../monitor/memory/labels.ts';
import { MemoryMaintenance, MemoryOutbox } from '../../../monitor/memory/notify.ts';
import { MemoryRegistry } from '../../../monitor/memory/registry.ts';
import { MemoryServingStats } from '../../../monitor/memory/serving-stats.ts';
import { MonitorTables } from '../../../monitor/memory/tables.ts';
import { MemoryTrainingData } from '../../../monitor/memory/training-data.ts';
import { MemoryGoldenSets } from '../../../monitor/training/golden.ts';
import { accessSuite } from '../../store/access.suite.ts';
import { goldenSuite } from '../../store/golden.suite.ts';
import { labelsSuite } from '../../store/labels.suite.ts';
import { notifySuite } from '../../store/notify.suite.ts';
import { registrySuite } from '../../store/registry.suite.ts';
import { trainingDataSuite } from '../../store/training-data.suite.ts';

function judged() {
  const verdicts: Verdict[] = [];
  const incidents: Incident[] = [];
  const labels = new MemoryLabels(new ManualClock(1_000), { verdicts: () => verdicts, incidents: () => incidents });
  const judge = async (some: Verdict[], found: Incident[] = []) => {
    verdicts.push(...some);
    incidents.push(...found);
  };
  return { labels, offers: labels, judge, verdicts, incidents };
}

labelsSuite('memory', async () => judged());

trainingDataSuite('memory', async () => {
  const { labels, judge, verdicts, incidents } = judged();
  const data = new MemoryTrainingData({ verdicts: () => verdicts, incidents: () => incidents }, labels);
  return { data, labels, judge };
});

registrySuite('memory', async () => {
  const tables = new MonitorTables();
  const clock = new ManualClock(1_000);
  return {
    registry: new MemoryRegistry(tables, clock),
    clock,
    setRole: async (stream, role, modelId) => tables.setRole(stream, role, { modelId, sha256: '' }),
  };
});

notifySuite('memory', async () => {
  const tables = new MonitorTables();
  return {
    outbox: new MemoryOutbox(tables),
    maintenance: new MemoryMaintenance(),
    write: async (messages) => {
      for (const m of messages)
        tables.outbox.set(m.id, { ...m, status: 'waiting', attempts: 0, nextMs: m.createdMs, lastError: null });
    },
  };
});

accessSuite('memory', async () => ({
  tokens: new MemoryTokens(),
  audit: new MemoryAudit(),
  stats: new MemoryServingStats(),
}));

goldenSuite('memory', async () => new MemoryGoldenSets());
