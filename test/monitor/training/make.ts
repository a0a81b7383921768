import type { StreamConfig } from '../../../core/config/stream.ts';
import { sha256Hex } from '../../../core/hash.ts';
import type { Incident } from '../../../core/types.ts';
import type { TrainingRow } from '../../../detector/ports.ts';
import type {
  Label,
  RegisteredModel,
  Registry,
  ScoredWindow,
  TrainingData,
} from '../../../monitor/controller/ports.ts';
import type { Lineage, ModelRef } from '../../../monitor/types.ts';
import { makeRows, testConfig } from '../../detector/make.ts';

export const HOP_MS = 10_000;
export const ENTITIES = ['db-1', 'db-2', 'web-1', 'web-2', 'web-3', 'web-4'];

export const trainingConfig = (more: object = {}): StreamConfig =>
  testConfig({ policy: { training: { minWindows: 64 } }, ...more });

export const rowsOf = (windows = 600, seed = 1): TrainingRow[] => makeRows(ENTITIES, windows, 3, seed);

export const incidentOf = (entity: string, from: number, to: number): Incident => ({
  id: `s/${entity}/anomaly/${from * HOP_MS}`,
  stream: 's',
  entity,
  kind: 'anomaly',
  startMs: from * HOP_MS,
  lastMs: to * HOP_MS,
  resolvedMs: to * HOP_MS,
  peakSeverity: 1.5,
  windows: to - from,
  attributions: [],
  summary: '',
});

let labels = 0;
export const labelOf = (entity: string, from: number, to: number, label: Label['label'], more = {}): Label => ({
  id: `l${labels++}`,
  stream: 's',
  entity,
  fromMs: from * HOP_MS,
  toMs: to * HOP_MS,
  label,
  incident: null,
  weight: 1,
  note: '',
  actor: 'operator:a',
  createdMs: labels,
  ...more,
});

/** Training data that is in a list. */
export function dataOf(about: {
  rows: readonly TrainingRow[];
  incidents?: readonly Incident[];
  labels?: readonly Label[];
  scores?: readonly ScoredWindow[];
}): TrainingData {
  const within = (ms: number, fromMs: number, toMs: number) => ms >= fromMs && ms < toMs;
  return {
    async *rows(_stream, fromMs, toMs) {
      for (const row of about.rows) if (within(row.windowStartMs, fromMs, toMs)) yield row;
    },
    incidents: async () => [...(about.incidents ?? [])],
    labels: async () => [...(about.labels ?? [])],
    async *scores(_stream, _model, fromMs, toMs) {
      for (const one of about.scores ?? []) if (within(one.windowStartMs, fromMs, toMs)) yield one;
    },
  };
}

/** A registry that is a map; the champion is whoever was put first. */
export class MapRegistry implements Registry {
  readonly models = new Map<string, { artifact: Uint8Array; lineage: Lineage | null; evaluated: boolean }>();

  first(modelId: string, artifact: Uint8Array): ModelRef {
    this.models.set(modelId, { artifact, lineage: null, evaluated: false });
    return { modelId, sha256: sha256Hex(artifact) };
  }

  async put(_stream: string, modelId: string, artifact: Uint8Array, lineage: Lineage): Promise<ModelRef> {
    if (!this.models.has(modelId)) this.models.set(modelId, { artifact, lineage, evaluated: false });
    return { modelId, sha256: sha256Hex(artifact) };
  }

  async get(modelId: string): Promise<Uint8Array | null> {
    return this.models.get(modelId)?.artifact ?? null;
  }

  async evaluated(modelId: string): Promise<void> {
    this.models.get(modelId)!.evaluated = true;
  }

  async list(): Promise<RegisteredModel[]> {
    return [...this.models].map(([id, { artifact, lineage }], i) => ({
      id,
      stream: 's',
      sha256: sha256Hex(artifact),
      sizeBytes: artifact.length,
      lineage,
      evaluation: null,
      keep: false,
      createdMs: 0,
      roles: i === 0 ? ['champion'] : [],
    }));
  }

  async keep(modelId: string): Promise<void> {
    if (!this.models.has(modelId)) throw new Error(modelId);
  }

  async prune(): Promise<string[]> {
    return [];
  }
}
