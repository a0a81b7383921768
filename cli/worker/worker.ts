import { hostname } from 'node:os';
import type { StreamConfig } from '../../core/config/stream.ts';
import { TidewatchError } from '../../core/errors.ts';
import { withDeadLetterTopic } from '../../ingest/kafka/dead-letter-store.ts';
import { ensureDeadLetterTopic } from '../../ingest/kafka/dead-letter-topic.ts';
import type { Assigned } from '../../ingest/kafka/member.ts';
import type { PartitionStore } from '../../ingest/ports.ts';
import { healthRoutes } from '../../monitor/api/health.ts';
import { requireMigrated } from '../../store/migrate.ts';
import { PostgresModelStore } from '../../store/models.ts';
import { PostgresPartitionStore } from '../../store/partition-store.ts';
import { openPool } from '../../store/pool.ts';
import { PostgresReader } from '../../store/reader.ts';
import { PostgresServingStats } from '../../store/serving-stats.ts';
import { holdTraining } from '../../store/training-lock.ts';
import { readTrainingRows } from '../../store/training-rows.ts';
import { Shutdown } from '../embedded/shutdown.ts';
import { openServer } from '../http-server.ts';
import { watchMember } from '../metrics/member-metrics.ts';
import { ModelHashes } from '../metrics/model-hashes.ts';
import { PartitionsMetrics } from '../metrics/partitions.ts';
import { PrometheusMetrics } from '../metrics/registry.ts';
import { metricsRoute } from '../metrics/route.ts';
import { keepRetention } from '../retention.ts';
import { FirstTraining } from '../serving/first-training.ts';
import { keepServingStats } from '../serving/serving-meter.ts';
import { Steward } from '../serving/steward.ts';
import { connect } from '../transfer/connect.ts';
import type { WorkerOptions } from './options.ts';
import { ServedPartition } from './served-partition.ts';
import { watchForStalls } from './stalls.ts';
import { WorkerStatus } from './status.ts';
import { streamsByTopic } from './streams.ts';
import { within } from './within.ts';

/** One a partition that flushes, with some more for looking up champions and for health. */
const CONNECTIONS = 6;
const CONCURRENT_PARTITIONS = 4;
/** Less than the ten seconds that supervisors give. */
const SHUTDOWN_MS = 8_000;

/**
 * A member of the group of workers: serves the partitions that Kafka gives it, with PostgreSQL as the truth of how far
 * each is. Resolves when the signal has aborted and everything is saved; throws when it had better be started anew.
 */
export async function work(options: WorkerOptions): Promise<void> {
  const shutdown = new Shutdown();
  try {
    await run(options, shutdown);
  } finally {
    // kafkajs does not end while it looks for brokers that are away, and a supervisor waits for the end of this process
    const ended = await within(SHUTDOWN_MS, options.clock, shutdown.run(options.logger));
    if (!ended) options.logger.warn('not everything ended in time; what was not saved is read again');
  }
}

async function run(options: WorkerOptions, shutdown: Shutdown): Promise<void> {
  const { config, clock, logger, signal, version } = options;
  const streams = streamsByTopic(config);
  const { url } = config.database;
  if (url === undefined)
    throw new TidewatchError(
      'config_invalid',
      'database.url: is missing, and a worker needs a PostgreSQL that outlives it. `npm run services` starts one here, with a Kafka, and writes tidewatch.yaml',
    );
  const pool = openPool(url, { max: CONNECTIONS, applicationName: 'tidewatch worker', log: logger });
  shutdown.add('database pool', () => pool.end());
  await requireMigrated(pool);

  const failed = new AbortController();
  let failure: unknown = null;
  const fail = (cause: unknown) => {
    if (failed.signal.aborted) return;
    failure = cause;
    failed.abort();
  };
  const stop = AbortSignal.any([signal, failed.signal]);

  const metrics = new PrometheusMetrics({ kind: 'worker', version });
  const models = new PostgresModelStore(pool, clock);
  const hashes = new ModelHashes(models);
  const names = [...streams.values()].map(({ name }) => name);
  const partitions = new PartitionsMetrics({ metrics, clock, streams: names, sha256Of: hashes.sha256Of });
  const cluster = connect(config.kafka, logger);
  const producer = await cluster.producer();
  shutdown.add('producer', () => producer.close());

  const served = new Map<string, { partition: ServedPartition; ended: Promise<void> }>();
  const current = function* () {
    for (const { partition } of served.values()) yield partition;
  };
  const status = new WorkerStatus(streams.values(), current);
  const server = await openServer(config.http, logger, [
    healthRoutes({ live: status, reader: new PostgresReader(pool) }),
    metricsRoute(metrics),
  ]);
  shutdown.add('server', () => server.close());
  logger.info({ url: server.url, version, topics: [...streams.keys()], group: config.kafka.groupId }, 'worker starts');

  const storeOf = (stream: StreamConfig, partition: number): PartitionStore => {
    const options = { stream: stream.name, partition, topic: stream.topic, clock, log: logger };
    const store = new PostgresPartitionStore(pool, options);
    const topic = config.kafka.deadLetterTopic;
    if (topic === null) return store;
    const make = async () => {
      const admin = await cluster.admin();
      return ensureDeadLetterTopic(admin, topic).finally(() => admin.close());
    };
    return withDeadLetterTopic(store, { producer, topic, from: stream.topic, make });
  };
  const release = () => {
    for (const { partition } of served.values()) partition.release();
  };
  const serve = ({ topic, partition, log }: Assigned) => {
    const stream = streams.get(topic)!;
    const key = `${topic} ${partition}`;
    const before = served.get(key)?.ended ?? Promise.resolve();
    const made = new ServedPartition({
      stream,
      partition,
      log,
      store: storeOf(stream, partition),
      models: hashes,
      clock,
      logger,
      owner: `${hostname()}:${process.pid}`,
      checkpointMs: config.checkpoint.intervalMs,
      watch: () => partitions.open({ stream: stream.name, topic, partition, encoding: stream.encoding }),
      heartbeats: () => member.heartbeats,
      onSaved: (offset, checkpoint) => member.saved(topic, partition, offset, checkpoint),
      onFenced: () => metrics.count('tidewatch_fenced_total', { stream: stream.name }),
    });
    served.set(key, { partition: made, ended: before.then(() => made.run()).catch(fail) });
  };
  /** Exactly these are ours: what was served until now ends, and a partition that comes back begins when it has. */
  const assign = (assigned: readonly Assigned[]) => {
    release();
    const keys = new Set(assigned.map(({ topic, partition }) => `${topic} ${partition}`));
    for (const key of served.keys()) if (!keys.has(key)) served.delete(key);
    status.joined(true);
    logger.info({ partitions: assigned.map(({ topic, partition }) => `${topic}/${partition}`) }, 'joined the group');
    if (!stop.aborted) for (const one of assigned) serve(one);
  };
  const member = cluster.member({
    groupId: config.kafka.groupId,
    topics: [...streams.keys()],
    queueBytes: config.kafka.queueBytes,
    sessionTimeoutMs: config.kafka.sessionTimeoutMs,
    partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
    progress: () => {
      let moves = 0;
      for (const { partition } of served.values()) moves += partition.moves;
      return moves;
    },
    onAssigned: assign,
    onRebalancing: () => {
      status.joined(false);
      release();
    },
    onFailed: (cause) => {
      status.joined(false);
      fail(cause);
    },
  });
  shutdown.add('consumer group', () => member.close());
  shutdown.add('partitions', async () => {
    release();
    await Promise.all([...served.values()].map(({ ended }) => ended));
  });
  shutdown.add('figures of the group', watchMember(metrics, member));
  // not awaited: where no broker answers it waits for one, and a signal must end that too
  member.start().catch(fail);
  runBeside(streams.values(), { ...options, served: current, stop, fail, pool, models });
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
  if (failure !== null) throw failure;
}

interface Beside extends WorkerOptions {
  served: () => Iterable<ServedPartition>;
  stop: AbortSignal;
  fail: (cause: unknown) => void;
  pool: ReturnType<typeof openPool>;
  models: PostgresModelStore;
}

/** What goes on beside the partitions: what ought to serve, what it took, retention, and the eye on loops that hang. */
function runBeside(streams: Iterable<StreamConfig>, beside: Beside): void {
  const { config, clock, logger, served, stop, fail, pool, models } = beside;
  const all = [...streams];
  for (const stream of all) {
    const { name } = stream;
    const training = new FirstTraining({
      stream,
      clock,
      logger,
      holdTraining: () => holdTraining(pool, name),
      rows: () => readTrainingRows(pool, name, { maxWindowsPerEntity: stream.training.maxWindows }),
      propose: async (modelId, artifact, about) => {
        await models.put(modelId, name, artifact, about);
        await models.firstChampion(name, modelId);
      },
    });
    const steward = new Steward({
      stream,
      clock,
      logger,
      served: function* () {
        for (const partition of served()) if (partition.stream === stream) yield partition;
      },
      serving: () => models.serving(name),
      champion: () => models.champion(name),
      withoutModel: training.whenDue,
    });
    void steward.run(stop);
  }
  const meters = function* () {
    for (const { meter } of served()) yield meter;
  };
  const unwritten = (err: unknown) => logger.warn({ err }, 'what serving took could not be written; tried again');
  void keepServingStats(meters, new PostgresServingStats(pool), clock, unwritten, stop);
  void keepRetention({ config, streams: all.map(({ name }) => name), pool, clock, logger }, stop);
  void watchForStalls({ clock, served, fail }, stop);
}
