import { TidewatchError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { IntervalProfile } from '../../core/types.ts';
import type { Role } from '../commit.ts';
import type { RegisteredModel } from '../controller/ports.ts';
import type { OutboxEntry } from '../notify/ports.ts';
import type { LedgerEntry, OutboxMessage } from '../store.ts';
import type { ModelRef, MonitorState, Serving } from '../types.ts';

interface ModelRow extends Omit<RegisteredModel, 'roles'> {
  artifact: Uint8Array;
}

/** What is kept as text cannot be changed by whoever holds the object that was given. */
const json = (value: unknown): string => JSON.stringify(value);
export const copied = <T>(value: T): T => JSON.parse(json(value)) as T;

/** What the monitor's tables hold, in memory: for scenarios, which need no database, and for tests. Pure maps. */
export class MonitorTables {
  /** Rises with each hold. */
  fence = 0;
  held: AbortController | null = null;
  readonly states = new Map<string, MonitorState>();
  /** Keys of the inputs that were taken, by stream. */
  readonly inputs = new Map<string, Set<string>>();
  /** What was taken, by stream: JSON of the input and of the state that it was taken in. */
  readonly recorded = new Map<string, { atMs: number; input: string; before: string }[]>();
  /** JSON by the end of the grain, by stream. */
  readonly observations = new Map<string, Map<number, string>>();
  readonly serving = new Map<string, Serving>();
  readonly ledger: LedgerEntry[] = [];
  readonly evidence = new Map<string, Uint8Array>();
  readonly outbox = new Map<string, OutboxEntry>();
  readonly profiles = new Map<string, IntervalProfile>();
  /** By stream, then by partition. */
  readonly watermarks = new Map<string, Map<number, number>>();
  readonly models = new Map<string, ModelRow>();
  readonly roles = new Map<string, Map<Role, string>>();

  /** As workers write them with a flush: the first of an identity stays. */
  addProfiles(profiles: readonly IntervalProfile[]): void {
    for (const profile of profiles) {
      const { stream, partition, startMs, sequence } = profile;
      const id = json([stream, partition, startMs, sequence]);
      if (!this.profiles.has(id)) this.profiles.set(id, profile);
    }
  }

  /** As a checkpoint says it. */
  setWatermark(stream: string, partition: number, watermarkMs: number): void {
    const of = this.watermarks.get(stream) ?? new Map<number, number>();
    this.watermarks.set(stream, of.set(partition, watermarkMs));
  }

  /** The first of an id stays. */
  addMessage(message: OutboxMessage): void {
    if (this.outbox.has(message.id)) return;
    const waiting = { status: 'waiting', attempts: 0, nextMs: message.createdMs, lastError: null } as const;
    this.outbox.set(message.id, { ...message, ...waiting });
  }

  addModel(model: Omit<ModelRow, 'sha256' | 'sizeBytes' | 'keep' | 'evaluation'>): ModelRef {
    const sha256 = sha256Hex(model.artifact);
    const known = this.models.get(model.id);
    if (known && known.sha256 !== sha256)
      throw new TidewatchError('artifact_mismatch', `model ${model.id} exists with other bytes`);
    const artifact = model.artifact.slice();
    const rest = { sha256, sizeBytes: artifact.length, keep: false, evaluation: null };
    if (!known) this.models.set(model.id, { ...model, ...rest, artifact, lineage: copied(model.lineage) });
    return { modelId: model.id, sha256 };
  }

  setRole(stream: string, role: Role, model: ModelRef | null): void {
    const of = this.roles.get(stream) ?? new Map<Role, string>();
    this.roles.set(stream, of);
    if (model === null) of.delete(role);
    else of.set(role, model.modelId);
  }

  rolesOf(modelId: string): Role[] {
    const roles: Role[] = [];
    for (const of of this.roles.values()) for (const [role, id] of of) if (id === modelId) roles.push(role);
    return roles.sort();
  }

  /** What the end of the holder's process or session does. */
  loseHold(): void {
    this.held?.abort();
    this.held = null;
  }
}
