import type { Clock } from '../../core/clock.ts';
import { PostgresAudit } from '../../store/audit.ts';
import { PostgresGoldenSets } from '../../store/golden.ts';
import { PostgresLabels } from '../../store/labels.ts';
import { PostgresMaintenance } from '../../store/maintenance.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresMonitorStore } from '../../store/monitor-store.ts';
import { PostgresOffers } from '../../store/offers.ts';
import { PostgresOutbox } from '../../store/outbox.ts';
import type { openPool } from '../../store/pool.ts';
import { PostgresReader } from '../../store/reader.ts';
import { PostgresRegistry } from '../../store/registry.ts';
import { PostgresServingStats } from '../../store/serving-stats.ts';
import { PostgresTokens } from '../../store/tokens.ts';
import { PostgresTrainingData } from '../../store/training-data.ts';

/** Everything that a monitor reads and writes, in one database. */
export const monitorStores = (pool: ReturnType<typeof openPool>, clock: Clock) => ({
  monitor: new PostgresMonitorStore(pool, clock),
  registry: new PostgresRegistry(pool, clock),
  models: new PostgresModelStore(pool, clock),
  reader: new PostgresReader(pool),
  data: new PostgresTrainingData(pool),
  golden: new PostgresGoldenSets(pool, clock),
  labels: new PostgresLabels(pool),
  offers: new PostgresOffers(pool, clock),
  maintenance: new PostgresMaintenance(pool),
  tokens: new PostgresTokens(pool),
  audit: new PostgresAudit(pool),
  outbox: new PostgresOutbox(pool),
  servingStats: new PostgresServingStats(pool),
});
export type MonitorStores = ReturnType<typeof monitorStores>;
