import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { modelIdOf, trainArtifact } from '../../detector/offline.ts';
import type { TrainingRow } from '../../detector/ports.ts';
import type { LogRecord } from '../../ingest/ports.ts';
import type { TrainingData } from '../../monitor/controller/ports.ts';
import { MemoryLabels } from '../../monitor/memory/labels.ts';
import { MemoryMonitorStore } from '../../monitor/memory/monitor-store.ts';
import { MemoryRegistry } from '../../monitor/memory/registry.ts';
import { MonitorTables } from '../../monitor/memory/tables.ts';
import { MemoryTrainingData } from '../../monitor/memory/training-data.ts';
import type { Decision, Input, ModelRef } from '../../monitor/types.ts';
import { mix, mixText } from '../draw.ts';
import { DAY_MS } from './draw.ts';
import { effectsOf, IN_THIS_THREAD } from './effects.ts';
import type { MonitorFault } from './faults.ts';
import { MonitorProcess } from './monitor-process.ts';
import { PhaseCounts } from './phases.ts';
import { QualityWatch } from './quality-watch.ts';
import { recallsOf } from './recall.ts';
import type { RunResult } from './result.ts';
import type { Plan, Scenario } from './scenario.ts';
import { Service } from './service.ts';
import type { Telemetry } from './telemetry.ts';
import { WORLD_START_MS, World, worldConfig } from './world.ts';

export type MakeTelemetry = (seed: number, plain: boolean) => Telemetry;

export interface RunOptions {
  scenario: Scenario;
  seed: number;
  source: string;
  telemetry: MakeTelemetry;
  /** Without its trouble it must end otherwise. */
  troubled: boolean;
}

export interface Told {
  result: RunResult;
  inputs: readonly Input[];
  evidence: ReadonlyMap<string, Uint8Array>;
  models: ReadonlyMap<string, Uint8Array>;
}

/**
 * Tells a scenario from its history to its end: telemetry, fold and monitor in lock-step, in event time alone. The same
 * options give the same ledger to the byte.
 */
export async function runScenario(options: RunOptions): Promise<Told> {
  const { scenario, seed, source, troubled } = options;
  const servedMs = WORLD_START_MS + scenario.historyDays * DAY_MS;
  const endMs = servedMs + scenario.days * DAY_MS;
  const random = new Random(mix(seed, mixText(scenario.name)));
  const telemetry = options.telemetry(seed, scenario.plain === true);
  const plan = scenario.plan({ random, metrics: telemetry.lively, servedMs, endMs });
  const way = troubled ? { ...plan, policy: {} } : withoutTrouble(plan);
  const plain = troubled ? scenario.plain === true : (plan.without?.plain ?? scenario.plain === true);
  const config = worldConfig(streamName(scenario, source, seed), { ...scenario.policy, ...way.policy });

  const faults = way.faults.map((fault) => ({ ...fault }));
  const world = new World({
    telemetry: options.telemetry(seed, plain),
    faults,
    seed,
    startMs: WORLD_START_MS,
  });
  const tables = new MonitorTables();
  const store = new MemoryMonitorStore(tables, { now: () => world.timeMs });
  const { troubleMs, overMs } = plan;
  const phases = new PhaseCounts({ fromMs: servedMs, troubleMs, overMs });
  const service = new Service(
    config,
    (_value, _appendMs, sink) => world.step(sink),
    tables,
    (v) => phases.verdict(v),
  );
  const record: LogRecord = { offset: 0, appendMs: 0, key: null, value: new Uint8Array(0) };
  const step = () => {
    const before = world.points;
    const { timeMs } = world;
    record.appendMs = timeMs + world.periodMs;
    service.record(record);
    record.offset++;
    phases.points(timeMs, world.points - before);
  };
  const data = new MemoryTrainingData(service, new MemoryLabels({ now: () => world.timeMs }, service));
  const badCandidate = way.meddling?.badCandidate === true;
  const effects = effectsOf({ config, tables, data, now: () => world.timeMs, badCandidate });
  const registry = new MemoryRegistry(tables, { now: () => world.timeMs });
  const watch = new QualityWatch(config, { data, registry, work: IN_THIS_THREAD }, store);
  const monitor = new MonitorProcess({
    config,
    tables,
    service,
    effects,
    now: () => world.timeMs,
    quality: (atMs: number) => watch.at(atMs),
    dies: way.meddling?.kills === true,
    onDecided: (decisions) => {
      if (way.meddling?.takenBackAtPromotion === true && decisions.some(isPromotion)) takeBack(faults, world.timeMs);
    },
  });

  // a day in which the monitor does not look yet: an interval must be whole to be judged
  while (world.timeMs < servedMs - DAY_MS) step();
  await monitor.adopt(await firstModel(config, tables, data, servedMs - DAY_MS), servedMs - DAY_MS);
  while (world.timeMs < servedMs) step();
  while (world.timeMs < endMs) {
    step();
    await monitor.lookWhenDue();
  }
  const ledger = await store.ledger({});
  const at = { servedMs, troubleMs, overMs, endMs };
  const recalls = troubled
    ? await recallsOf({ config, data, ledger, artifact: (id) => tables.models.get(id)?.artifact, at })
    : { before: null, during: null, after: null };
  return {
    result: {
      scenario: scenario.name,
      seed,
      source,
      plan,
      servedMs,
      ledger,
      observations: await store.observations(config.name, 0, Number.POSITIVE_INFINITY),
      phases: phases.figures(config.detector.alertRate, service.incidents(), recalls),
      kills: monitor.kills,
      points: { sent: world.points, counted: service.pointsCounted },
      grains: monitor.looks,
      entities: telemetry.entities.length,
      wallMs: 0,
    },
    inputs: monitor.inputs,
    evidence: tables.evidence,
    models: new Map([...tables.models].map(([id, { artifact }]) => [id, artifact])),
  };
}

/** Trains on the history and puts the model into the registry, as a stream's first training does. */
async function firstModel(
  config: StreamConfig,
  tables: MonitorTables,
  data: TrainingData,
  servedMs: number,
): Promise<ModelRef> {
  const rows: TrainingRow[] = [];
  for await (const row of data.rows(config.name, WORLD_START_MS, servedMs)) rows.push(row);
  const { artifact } = orThrow(trainArtifact(rows, config));
  return tables.addModel({
    id: modelIdOf(artifact),
    stream: config.name,
    artifact,
    lineage: null,
    createdMs: servedMs,
  });
}

const isPromotion = ({ action, result }: Decision): boolean => action === 'promote' && result === 'done';

/** What shifted goes back to where it was. */
function takeBack(faults: readonly MonitorFault[], timeMs: number): void {
  for (const fault of faults) if (fault.kind === 'shift' && timeMs > fault.startMs) fault.endMs = timeMs;
}

const withoutTrouble = ({
  without,
}: Plan): Pick<Plan, 'faults' | 'meddling'> & { policy: Record<string, unknown> } => ({
  faults: without?.faults ?? [],
  policy: without?.policy ?? {},
});

/** Names one run among all, so that the ids of its decisions do. */
export const streamName = (scenario: Scenario, source: string, seed: number): string =>
  `${scenario.name}_${source}_${seed}`;
