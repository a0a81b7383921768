import { Kafka, logLevel } from 'kafkajs';
import { trainInThread } from '../../../cli/embedded/training.ts';
import { systemClock } from '../../../core/clock.ts';
import { orThrow } from '../../../core/errors.ts';
import { modelIdOf } from '../../../detector/offline.ts';
import type { TrainingRow } from '../../../detector/ports.ts';
import { PostgresModelStore } from '../../../store/models.ts';
import { readTrainingRows } from '../../../store/training-rows.ts';
import type { Arena, Fault } from '../fault.ts';

const AWAY_MS = 1_500;
const WORKERS = 2;
const JOINED = /"joined the group"/;
const PARTITIONS = 4;
const LOOK_MS = 100;

/** What operators do, or what is done to them. */
export const OPERATION_FAULTS: readonly Fault[] = [
  {
    name: 'retention passed us',
    what: 'while no worker runs, Kafka removes records that nobody has read yet',
    criterion: 'exactly what is gone stands in lost_ranges, a log line says so, and everything after it is judged',
    short: false,
    everyMs: 60_000,
    windowsFactor: 1.2,
    strike: whileNobodyReads(removeUnread),
    async traces({ site, stream }) {
      const lost = await site.pool.query('SELECT 1 FROM lost_ranges WHERE stream = $1', [stream.name]);
      return lost.rowCount ?? 0;
    },
  },
  {
    name: 'group offsets set by hand',
    what: "while no worker runs, the group's offsets are set to the end of the topic, and the next time to its start",
    criterion: 'workers go on where PostgreSQL says that they were: nothing is left out, nothing judged again',
    short: false,
    everyMs: 6_000,
    strike: whileNobodyReads(setOffsets),
    traces: ({ workers }) => workers.said(/^offsets set/),
  },
  {
    name: 'rolling deploy with a new model',
    what: 'another model becomes champion while workers are replaced one at a time',
    criterion: 'each partition changes over at one offset, which its control entry names; verdicts follow it',
    short: false,
    everyMs: 3_000,
    windowsFactor: 2,
    strike: deploy,
    async traces({ site, stream }) {
      const { rows } = await site.pool.query<{ n: string }>(
        `SELECT count(*) AS n FROM control_entries WHERE stream = $1 AND change->>'kind' = 'model'`,
        [stream.name],
      );
      return Math.max(0, Number(rows[0]!.n) - PARTITIONS); // the first model is no deploy
    },
  },
];

/** Stops all workers in good order, lets load gather, does it, and starts others. */
function whileNobodyReads(what: (arena: Arena) => Promise<void>): (arena: Arena) => Promise<void> {
  return async (arena) => {
    await arena.workers.leaveAll();
    await systemClock.sleep(AWAY_MS);
    await what(arena);
    for (let i = 0; i < WORKERS; i++) arena.workers.start();
    await systemClock.sleep(AWAY_MS);
  };
}

async function withAdmin(arena: Arena, work: (admin: ReturnType<Kafka['admin']>) => Promise<void>): Promise<void> {
  const admin = new Kafka({ brokers: [arena.site.kafka.address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await work(admin).finally(() => admin.disconnect());
}

async function removeUnread(arena: Arena): Promise<void> {
  const { site, stream, kept, gone } = arena;
  for await (const batch of site.cluster.read(stream.topic))
    for (const { partition, record } of batch) {
      const known = kept.get(partition) ?? [];
      if (record.offset > (known.at(-1)?.offset ?? -1)) known.push(record);
      kept.set(partition, known);
    }
  const saved = await site.saved(stream.name);
  const cuts = [...kept].flatMap(([partition, records]) => {
    const from = saved.get(partition) ?? 0;
    const to = Math.floor((from + records.at(-1)!.offset + 1) / 2);
    return to > from ? [{ partition, from, to }] : [];
  });
  gone.push(...cuts);
  const partitions = cuts.map(({ partition, to }) => ({ partition, offset: String(to) }));
  await withAdmin(arena, async (admin) => {
    await admin.fetchTopicOffsets(stream.topic); // kafkajs must have asked for the topic once
    await admin.deleteTopicRecords({ topic: stream.topic, partitions });
  });
}

async function setOffsets(arena: Arena): Promise<void> {
  const { workers, groupId, stream } = arena;
  const earliest = workers.said(/^offsets set/) % 2 === 1;
  await withAdmin(arena, (admin) => admin.resetOffsets({ groupId, topic: stream.topic, earliest }));
  workers.note(`offsets set to the ${earliest ? 'start' : 'end'}`);
}

async function deploy(arena: Arena): Promise<void> {
  const { site, stream, workers } = arena;
  const models = new PostgresModelStore(site.pool, systemClock);
  if ((await models.champion(stream.name)) === null) return; // the first one is still to be trained
  const rows: TrainingRow[] = [];
  for await (const row of readTrainingRows(site.pool, stream.name, { maxWindowsPerEntity: 512 })) rows.push(row);
  const trained = orThrow(await trainInThread({ kind: 'rows', config: stream, rows }));
  const modelId = modelIdOf(trained.artifact);
  await models.put(modelId, stream.name, trained.artifact, { origin: 'a deploy' });
  await models.setRole(stream.name, 'champion', modelId);
  for (let i = 0; i < WORKERS; i++) {
    const before = workers.said(JOINED);
    workers.start();
    workers.leave();
    while (workers.said(JOINED) === before && !arena.signal.aborted) await systemClock.sleep(LOOK_MS);
  }
}
