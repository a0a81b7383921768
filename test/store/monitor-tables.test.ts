import type pg from 'pg';
import { ManualClock, systemClock } from '../../core/clock.ts';
import type { Incident, Verdict } from '../../core/types.ts';
import { PostgresAudit } from '../../store/audit.ts';
import { PostgresGoldenSets } from '../../store/golden.ts';
import { PostgresLabels } from '../../store/labels.ts';
import { silentLogger } from '../../store/logger.ts';
import { PostgresMaintenance } from '../../store/maintenance.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresOffers } from '../../store/offers.ts';
import { PostgresOutbox } from '../../store/outbox.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { PostgresRegistry } from '../../store/registry.ts';
import { ensureRoles } from '../../store/roles.ts';
import { PostgresServingStats } from '../../store/serving-stats.ts';
import { PostgresTokens } from '../../store/tokens.ts';
import { PostgresTrainingData } from '../../store/training-data.ts';
import { testDatabase } from '../postgres.ts';
import { accessSuite } from './access.suite.ts';
import { goldenSuite } from './golden.suite.ts';
import { labelsSuite } from './labels.suite.ts';
import { loginOf } from './logins.ts';
import { outputs } from './make.ts';
import { emptyMonitorTables } from './monitor-tables.ts';
import { notifySuite } from './notify.suite.ts';
import { registrySuite } from './registry.suite.ts';
import { trainingDataSuite } from './training-data.suite.ts';

const database = await testDatabase();
const owner = database.pool;
await ensureRoles(owner);
const monitor: pg.Pool = (await loginOf(database, 'tidewatch_monitor')).pool;
const worker: pg.Pool = (await loginOf(database, 'tidewatch_worker')).pool;

const empty = async () => {
  await emptyMonitorTables(owner);
  await owner.query(
    'TRUNCATE labels, label_offers, maintenance_windows, api_tokens, serving_stats, verdicts, entity_status, incidents',
  );
};

/** As workers write them. */
async function judge(verdicts: Verdict[], incidents: Incident[] = []): Promise<void> {
  const streams = new Set([...verdicts, ...incidents].map(({ stream }) => stream));
  for (const stream of streams) {
    const store = new PostgresPartitionStore(worker, { stream, partition: 0, clock: systemClock, log: silentLogger });
    const of = <T extends { stream: string }>(items: T[]) => items.filter((item) => item.stream === stream);
    await store.flush(outputs({ verdicts: of(verdicts), incidents: of(incidents) }));
  }
}

labelsSuite('PostgreSQL', async () => {
  await empty();
  const clock = new ManualClock(1_000);
  return { labels: new PostgresLabels(monitor), offers: new PostgresOffers(monitor, clock), judge };
});

trainingDataSuite('PostgreSQL', async () => {
  await empty();
  return { data: new PostgresTrainingData(monitor), labels: new PostgresLabels(monitor), judge };
});

registrySuite('PostgreSQL', async () => {
  await empty();
  const clock = new ManualClock(1_000);
  const roles = new PostgresModelStore(monitor, clock);
  return {
    registry: new PostgresRegistry(monitor, clock),
    clock,
    setRole: (stream, role, modelId) => roles.setRole(stream, role, modelId),
  };
});

notifySuite('PostgreSQL', async () => {
  await empty();
  return {
    outbox: new PostgresOutbox(monitor),
    maintenance: new PostgresMaintenance(monitor),
    write: async (messages) => {
      for (const { id, receiver, body, createdMs } of messages)
        await monitor.query(
          'INSERT INTO outbox (id, receiver, body, created_ms, next_ms) VALUES ($1, $2, $3, $4, $4)',
          [id, receiver, body, createdMs],
        );
    },
  };
});

accessSuite('PostgreSQL', async () => {
  await empty();
  return {
    tokens: new PostgresTokens(monitor),
    audit: new PostgresAudit(monitor),
    stats: new PostgresServingStats(worker),
  };
});

goldenSuite('PostgreSQL', async () => {
  await empty();
  return new PostgresGoldenSets(monitor, new ManualClock(1_000));
});
