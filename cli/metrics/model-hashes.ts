import { sha256Hex } from '../../core/hash.ts';
import type { ModelStore } from '../../ingest/ports.ts';

/** A model store that remembers the hashes of the artifacts that went through it, a few for each stream. */
export class ModelHashes implements ModelStore {
  readonly #inner: ModelStore;
  readonly #sha256 = new Map<string, string>();
  /** Partitions switch together: who asks for what is under way gets the same bytes. */
  readonly #getting = new Map<string, Promise<Uint8Array | null>>();

  constructor(inner: ModelStore) {
    this.#inner = inner;
  }

  /** '' for a model that was neither put nor got here. */
  readonly sha256Of = (modelId: string): string => this.#sha256.get(modelId) ?? '';

  async put(modelId: string, stream: string, artifact: Uint8Array, about: Record<string, unknown>): Promise<void> {
    await this.#inner.put(modelId, stream, artifact, about);
    this.#note(modelId, artifact);
  }

  get(modelId: string): Promise<Uint8Array | null> {
    const getting = this.#getting.get(modelId) ?? this.#get(modelId).finally(() => this.#getting.delete(modelId));
    this.#getting.set(modelId, getting);
    return getting;
  }

  async #get(modelId: string): Promise<Uint8Array | null> {
    const artifact = await this.#inner.get(modelId);
    if (artifact !== null) this.#note(modelId, artifact);
    return artifact;
  }

  #note(modelId: string, artifact: Uint8Array): void {
    if (!this.#sha256.has(modelId)) this.#sha256.set(modelId, sha256Hex(artifact));
  }
}
