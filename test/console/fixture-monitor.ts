import type { Clock } from '../../core/clock.ts';
import { policyConfig } from '../../core/config/policy.ts';
import { fail, ok, orThrow, type Result } from '../../core/errors.ts';
import type { MonitorParts } from '../../monitor/api/operations/ports.ts';
import { policyOf } from '../../monitor/decide/policy.ts';
import { firstState, step } from '../../monitor/decide/step.ts';
import { evidenceOf } from '../../monitor/ledger/evidence.ts';
import { explainDecision } from '../../monitor/ledger/explain.ts';
import { MemoryAudit, MemoryTokens } from '../../monitor/memory/access.ts';
import { MemoryLabels } from '../../monitor/memory/labels.ts';
import { MemoryMonitorStore } from '../../monitor/memory/monitor-store.ts';
import { MemoryMaintenance } from '../../monitor/memory/notify.ts';
import { MemoryRegistry } from '../../monitor/memory/registry.ts';
import { MonitorTables } from '../../monitor/memory/tables.ts';
import type { Observation } from '../../monitor/observation.ts';
import type { StoredVerdict } from '../../monitor/ports.ts';
import type { MonitorHold } from '../../monitor/store.ts';
import type {
  Command,
  Decision,
  Effect,
  EffectResult,
  Evaluation,
  Input,
  Lineage,
  ModelRef,
} from '../../monitor/types.ts';
import type { FixtureWorld } from './fixture.ts';
import { HOUR_MS, storyObservation } from './fixture-observations.ts';

const HISTORY_HOURS = 216;
const FORMER = 'demo-51aa0b';
const CHAMPION = 'demo-9f31c2';
const CANDIDATE = 'demo-c417e8';
const OFFERED = ['auth', 'cart', 'payments'];
const DAY_MS = 24 * HOUR_MS;

/** Histories by their end: the same for each test, and two hundred decisions with their hashes take a second to make. */
const PLAYED = new Map<number, { tables: MonitorTables; inputs: number }>();

/** Rows are copied, so that a test that changes them changes its own. */
function copyTables(from: MonitorTables, to: MonitorTables): void {
  for (const [name, rows] of Object.entries(from)) {
    const target: unknown = to[name as keyof MonitorTables];
    if (rows instanceof Map && target instanceof Map)
      for (const [key, row] of rows) target.set(key, name === 'evidence' ? row : structuredClone(row));
    else if (Array.isArray(rows) && Array.isArray(target)) target.push(...structuredClone(rows));
  }
}

/** A monitor of the stream `demo` over memory: made-up observations, real decisions, a real ledger with its evidence. */
export class FixtureMonitor {
  readonly tables = new MonitorTables();
  readonly store: MemoryMonitorStore;
  readonly registry: MemoryRegistry;
  readonly maintenance = new MemoryMaintenance();
  readonly policy = orThrow(policyOf(policyConfig.parse({})));
  labels: MemoryLabels;
  /** False: no controller is in charge, and commands fail. */
  inCharge = true;
  readonly #world: FixtureWorld;
  readonly #clock: Clock;
  readonly #newestMs: number;
  #hold!: MonitorHold;
  #inputs = 0;

  constructor(world: FixtureWorld, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
    this.#newestMs = Math.floor(clock.now() / HOUR_MS) * HOUR_MS;
    const past = { now: () => Math.min(clock.now(), this.#atMs) };
    this.store = new MemoryMonitorStore(this.tables, past);
    this.registry = new MemoryRegistry(this.tables, past);
    this.labels = new MemoryLabels(clock);
  }

  #atMs = Number.POSITIVE_INFINITY;

  /** Plays the history, or takes it as it was played before. empty: nothing has been looked at yet. */
  async start(empty = false): Promise<void> {
    this.#hold = (await this.store.hold('fixture'))!;
    if (empty) return;
    const played = PLAYED.get(this.#newestMs);
    if (played) {
      this.#inputs = played.inputs;
      copyTables(played.tables, this.tables);
    } else {
      await this.#play();
      const tables = new MonitorTables();
      copyTables(this.tables, tables);
      PLAYED.set(this.#newestMs, { tables, inputs: this.#inputs });
    }
    await this.#people();
  }

  async #play(): Promise<void> {
    const startMs = this.#newestMs - HISTORY_HOURS * HOUR_MS;
    this.#atMs = startMs;
    const [former, champion] = [await this.#trained(FORMER, startMs), await this.#trained(CHAMPION, startMs)];
    await this.#take({ kind: 'adopt', model: former, trainedMs: startMs - 20 * DAY_MS }, startMs, '');
    for (let hoursLeft = HISTORY_HOURS; hoursLeft >= 0; hoursLeft--) {
      this.#atMs = this.#newestMs - hoursLeft * HOUR_MS;
      await this.observe((await this.#state()).serving.champion === null ? null : hoursLeft);
      if (hoursLeft === 200)
        await this.#take({ kind: 'promote', model: champion }, this.#atMs, 'Trained on the new shop.');
      if (hoursLeft === 130) await this.#take({ kind: 'suspend' }, this.#atMs, 'Moving to the new cluster.');
      if (hoursLeft === 127) await this.#take({ kind: 'resume' }, this.#atMs, '');
      await this.#answerAll();
    }
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  /** What the monitor sees of one grain; made up for the story unless it is given. */
  async observe(given: number | null | Observation): Promise<Decision[]> {
    if (given === null) return [];
    const observation =
      typeof given === 'number' ? storyObservation('demo', this.#atMs, given, await this.#state()) : given;
    return this.#put({ kind: 'observation', key: `observation ${observation.atMs}`, observation });
  }

  parts(): MonitorParts {
    const world = this.#world;
    let ids = 0;
    return {
      streams: ['demo', 'host'],
      store: this.store,
      registry: this.registry,
      labels: { add: (label) => this.labels.add(label), list: (filter) => this.labels.list(filter) },
      offers: { offer: async () => 0, offers: (filter) => this.labels.offers(filter) },
      maintenance: this.maintenance,
      tokens: new MemoryTokens(),
      audit: new MemoryAudit(),
      incident: (id) => world.incident(id),
      dismissalsOf: async ({ entity, attributions }) =>
        ok(attributions.slice(0, 1).map(({ metric }) => ({ entity, metric, direction: 'high', decades: 4 }))),
      command: async (stream, command, actor, note): Promise<Result<Decision[]>> => {
        if (!this.inCharge) return fail('overloaded', 'no controller is in charge');
        if (stream !== 'demo') return fail('not_found', `a monitored stream ${stream}`);
        const atMs = (await this.#state()).atMs;
        const decisions = await this.#put({ kind: 'command', key: this.#key(), actor, atMs, command, note });
        return ok(decisions);
      },
      explain: (entry) => explainDecision(entry, (sha256) => this.store.evidence(sha256)),
      budgets: () => this.policy.config,
      now: () => this.#clock.now(),
      newId: () => `id-${++ids}`,
    };
  }

  /** Changes what the ledger says of a decision, as somebody with access to its table could. */
  forge(id: string, reason: string): void {
    const entry = this.tables.ledger.find(({ decision }) => decision.id === id);
    if (entry) entry.decision = { ...entry.decision, reason };
  }

  async #state() {
    return (await this.store.state('demo')) ?? firstState('demo');
  }

  #key = (): string => `input ${++this.#inputs}`;

  async #take(command: Command, atMs: number, note: string): Promise<void> {
    await this.#put({ kind: 'command', key: this.#key(), actor: 'operator:ann', atMs, command, note });
  }

  async #put(input: Input): Promise<Decision[]> {
    const { policy } = this;
    const before = await this.#state();
    const { state, decisions } = step(policy, before, input);
    const { sha256, blobs } = evidenceOf({ policy, state: before, input });
    await this.#hold.commit({
      stream: 'demo',
      expected: before.version,
      input: input.key,
      state,
      observation: input.kind === 'observation' ? input.observation : null,
      decisions: decisions.map((decision) => ({ decision, evidence: sha256 })),
      evidence: blobs,
      serving: state.serving.revision > before.serving.revision ? state.serving : null,
      outbox: [],
    });
    return decisions;
  }

  async #answerAll(): Promise<void> {
    for (;;) {
      const { effects, atMs } = await this.#state();
      const [effect] = effects;
      if (effect === undefined) return;
      const result = await this.#answer(effect);
      await this.#put({ kind: 'effect', key: `effect ${effect.id}`, effect: effect.id, atMs, result });
    }
  }

  async #answer(effect: Effect): Promise<EffectResult> {
    if (effect.kind === 'train')
      return { kind: 'trained', model: await this.#trained(CANDIDATE, effect.toMs), lineage: lineage(effect.toMs) };
    if (effect.kind === 'evaluate') {
      const evaluation = evaluationOf(effect.candidate, effect.champion);
      await this.registry.evaluated(effect.candidate.modelId, evaluation);
      return { kind: 'evaluated', evaluation, gates: [{ gate: 'quality', passed: true, detail: '' }] };
    }
    if (effect.kind === 'recalibrate') {
      const { modelId, version } = effect;
      const calibration = { modelId, version, alertRate: 0.001, combined: null, dismissals: [] };
      return { kind: 'recalibrated', calibration };
    }
    return { kind: 'served' };
  }

  #trained(modelId: string, toMs: number): Promise<ModelRef> {
    return this.registry.put('demo', modelId, Buffer.from(modelId.repeat(24_000)), lineage(toMs));
  }

  /** Quiet windows to label, and maintenance windows: one past, one on, one ahead. */
  async #people(): Promise<void> {
    const nowMs = this.#clock.now();
    const quiet: StoredVerdict[] = [];
    for (const entity of OFFERED)
      quiet.push(...(await this.#world.verdicts('demo', entity, { fromMs: nowMs - HOUR_MS, toMs: nowMs }, 40)));
    this.labels = new MemoryLabels(this.#clock, { verdicts: () => quiet, incidents: () => [] });
    await this.labels.offer('demo', 0, nowMs, 0.1);
    const windows = [
      { id: 'm-1', entity: 'shipping', fromMs: nowMs - 2 * DAY_MS, toMs: nowMs - 46 * HOUR_MS, reason: 'Disk change' },
      { id: 'm-2', entity: 'ledger', fromMs: nowMs - HOUR_MS, toMs: nowMs + 2 * HOUR_MS, reason: 'Index is rebuilt' },
      { id: 'm-3', entity: null, fromMs: nowMs + DAY_MS, toMs: nowMs + 26 * HOUR_MS, reason: 'Yearly failover test' },
    ];
    for (const window of windows)
      await this.maintenance.add({ ...window, stream: 'demo', metric: null, actor: 'operator:ann', createdMs: nowMs });
  }
}

const lineage = (toMs: number): Lineage => ({
  fromMs: toMs - 30 * DAY_MS,
  toMs,
  rows: 48_210,
  entities: 24,
  dataHash: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
  seed: 190_331,
  parameters: { trees: 100, sample: 256 },
  codeVersion: '0.1.0',
  configHash: '7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730',
  parent: null,
  leftOut: [
    { reason: 'incident', windows: 310 },
    { reason: 'quarantine', windows: 1_204 },
  ],
  quarantined: [{ fromMs: toMs - 4 * DAY_MS, toMs: toMs - 3.5 * DAY_MS, entity: null, reason: 'late_data' }],
  cost: { wallMs: 8_400, cpuMs: 7_900, memoryBytes: 61e6 },
});

const evaluationOf = (candidate: ModelRef, champion: ModelRef | null): Evaluation => ({
  candidate,
  champion,
  basis: 'injected',
  windows: 9_642,
  positives: 240,
  candidateQuality: 0.871,
  championQuality: 0.802,
  difference: [0.031, 0.104],
  robustZ: 0.31,
  random: 0.05,
  candidateAlertRatio: 1.08,
  championAlertRatio: 2.4,
  artifactBytes: 264_000,
  memoryBytes: 3_100_000,
  p99Ms: 0.21,
  worseSegments: [{ segment: 'search', difference: -0.02 }],
  golden: { candidate: 0.84, champion: 0.83 },
});
