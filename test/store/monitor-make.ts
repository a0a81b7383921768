import { sha256Hex } from '../../core/hash.ts';
import type { IntervalProfile } from '../../core/types.ts';
import type { Label } from '../../monitor/controller/ports.ts';
import type { Observation } from '../../monitor/observation.ts';
import type { Commit, OutboxMessage } from '../../monitor/store.ts';
import type { Decision, Evaluation, Lineage, ModelRef, MonitorState, Serving } from '../../monitor/types.ts';

export const HOUR_MS = 3_600_000;
export const T0 = 1_700_000_000_000;

export function makeProfile(change: Partial<IntervalProfile> = {}): IntervalProfile {
  return {
    stream: 'hosts',
    partition: 0,
    startMs: T0,
    endMs: T0 + HOUR_MS,
    sequence: 0,
    modelId: 'm1',
    bytes: Uint8Array.of(0, 255, 1),
    ...change,
  };
}

export function makeServing(change: Partial<Serving> = {}): Serving {
  return {
    revision: 1,
    champion: null,
    challenger: null,
    calibration: null,
    mode: 'forest',
    reason: 'first model',
    ...change,
  };
}

const trigger = { sinceMs: null, episode: 0, acted: 0, held: null, restsUntilMs: 0 };

export function makeState(version: number, change: Partial<MonitorState> = {}): MonitorState {
  return {
    stream: 'hosts',
    version,
    atMs: T0 + version * HOUR_MS,
    decisions: 0,
    serving: makeServing(),
    trainedMs: null,
    lastGood: null,
    championQuality: null,
    rollout: { phase: 'idle' },
    triggers: { zeta: { ...trigger, sinceMs: 1, episode: 1 }, alpha: trigger },
    spent: [],
    suspended: false,
    hold: null,
    seen: null,
    steppedDown: null,
    quarantine: [],
    effects: [],
    ...change,
  };
}

export function makeDecision(n: number, change: Partial<Decision> = {}): Decision {
  return {
    id: `hosts-${n}`,
    stream: 'hosts',
    atMs: T0 + n * HOUR_MS,
    action: 'hold',
    trigger: 'unit_change',
    episode: 1,
    asked: 'retrain',
    cause: 'unit_change',
    result: 'held',
    reason: 'values × 1000: größe \u0000 \ud800',
    urgency: 'page',
    actor: 'controller',
    model: null,
    runbook: '',
    ...change,
  };
}

export function makeObservation(atMs: number, change: Partial<Observation> = {}): Observation {
  const figures = {
    alert_rate_ratio: { value: 1.5, status: 'ok', limit: [0.2, 5] },
    drift: { value: 0.1 + 0.2, status: 'warn', limit: 1 },
    ece: { value: null, status: 'unknown', limit: null },
  } as const;
  return {
    stream: 'hosts',
    atMs,
    grainMs: HOUR_MS,
    intervalMs: 6 * HOUR_MS,
    modelId: 'm1',
    alertRate: 0.001,
    alertRun: 7.5,
    spans: { week: {}, grain: figures, interval: figures, day: {} },
    features: [
      {
        feature: 'cpu',
        psi: 0.3,
        ks: 0.2,
        missing: null,
        missingInTraining: 0,
        psiLimit: 0.25,
        ksLimit: 0.1,
        status: 'drift',
      },
    ],
    quality: null,
    cause: { kind: 'none', summary: 'Nothing has shifted.', evidence: {}, features: [] },
    champion: { modelId: 'm1', windows: 360, alerts: 1, failed: 0 },
    challenger: null,
    windows: 360,
    entities: 1,
    ...change,
  };
}

export const message = (id: string, change: Partial<OutboxMessage> = {}): OutboxMessage => ({
  id,
  receiver: 'pager',
  body: '{"größe":1}',
  createdMs: 1_000,
  ...change,
});

/** The version-th commit of a stream, with a decision and its evidence. */
export function makeCommit(version: number, change: Partial<Commit> = {}): Commit {
  const bytes = Buffer.from(`evidence ${version}`);
  const manifest = sha256Hex(bytes);
  return {
    stream: 'hosts',
    expected: version - 1,
    input: `observation:${version}`,
    state: makeState(version),
    observation: null,
    decisions: [{ decision: makeDecision(version), evidence: manifest }],
    evidence: new Map([[manifest, Uint8Array.from(bytes)]]),
    serving: null,
    outbox: [],
    ...change,
  };
}

export const lineage: Lineage = {
  fromMs: T0,
  toMs: T0 + HOUR_MS,
  rows: 600,
  entities: 2,
  dataHash: 'd',
  seed: 7,
  parameters: { trees: 100 },
  codeVersion: '1',
  configHash: 'c',
  parent: null,
  leftOut: [{ reason: 'incident', windows: 3 }],
  quarantined: [],
  cost: { wallMs: 1, cpuMs: 1, memoryBytes: 1 },
};

export const evaluationOf = (candidate: ModelRef): Evaluation => ({
  candidate,
  champion: null,
  basis: 'injected',
  windows: 100,
  positives: 10,
  candidateQuality: 0.1 + 0.2,
  championQuality: null,
  difference: null,
  robustZ: 0.2,
  random: 0.01,
  candidateAlertRatio: 1,
  championAlertRatio: null,
  artifactBytes: 3,
  memoryBytes: 3,
  p99Ms: 1,
  worseSegments: [],
  golden: null,
});

export function makeLabel(change: Partial<Label> = {}): Label {
  return {
    id: 'label-1',
    stream: 'hosts',
    entity: 'web-1',
    fromMs: T0,
    toMs: T0 + 10_000,
    label: 'normal',
    incident: null,
    weight: 1,
    note: '',
    actor: 'operator:ada',
    createdMs: 1_000,
    ...change,
  };
}
