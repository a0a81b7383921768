import { LOG_METRICS } from '../core/log-level.ts';

/** What a name can be other than a slot: filtered out by the stream, or not of the set. */
export const FILTERED = -1;
export const UNKNOWN = -2;

/**
 * The metrics of an entity, in slots in the order in which it first sent them. Entities with the same metrics share one
 * set, so that a fleet's names are held once and stay in the cache. Immutable but for what it remembers of samples.
 */
export class MetricSet {
  readonly names: readonly string[];
  readonly #slots: ReadonlyMap<string, number>;
  // Samples mostly repeat the names of the one before: then a slot is found by one comparison of interned strings.
  readonly #template: string[] = [];
  readonly #templateSlots: number[] = [];
  #logSlots: Int32Array | null = null;

  constructor(names: readonly string[]) {
    this.names = names;
    this.#slots = new Map(names.map((name, slot) => [name, slot]));
  }

  /** Slot of the count of each log level, negative for those that are not in the set. */
  get logSlots(): Int32Array {
    this.#logSlots ??= Int32Array.from(LOG_METRICS, (name) => this.#slots.get(name) ?? UNKNOWN);
    return this.#logSlots;
  }

  /** Slot of the i-th name of a sample: ≥ 0, FILTERED or UNKNOWN. */
  slot(i: number, name: string, watched: (name: string) => boolean): number {
    if (this.#template[i] === name) return this.#templateSlots[i]!;
    const slot = this.#slots.get(name) ?? (watched(name) ? UNKNOWN : FILTERED);
    if (slot !== UNKNOWN && i <= this.#template.length) {
      this.#template[i] = name;
      this.#templateSlots[i] = slot;
    }
    return slot;
  }
}

/** The metric sets of a partition, each held once. */
export class MetricSets {
  readonly empty = new MetricSet([]);
  readonly #byNames = new Map<string, MetricSet>([['', this.empty]]);

  of(names: readonly string[]): MetricSet {
    if (names.length === 0) return this.empty;
    const key = names.join('\0');
    let set = this.#byNames.get(key);
    if (set === undefined) {
      set = new MetricSet(names);
      this.#byNames.set(key, set);
    }
    return set;
  }

  /** The set with those names of a sample that are watched and new to it, as far as the limit allows. */
  grown(from: MetricSet, sample: readonly string[], watched: (name: string) => boolean, limit: number): MetricSet {
    const names = new Set(from.names);
    for (const name of sample) if (names.size < limit && watched(name)) names.add(name);
    return names.size === from.names.length ? from : this.of([...names]);
  }
}
