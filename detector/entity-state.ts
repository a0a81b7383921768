import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import type { FeatureSchema } from '../ingest/features.ts';
import { FallbackScorer } from './fallback.ts';
import type { Row } from './forecast.ts';
import { ForestScorer } from './forest-scorer.ts';
import { IncidentTracker } from './incidents.ts';
import { type EntityModel, featureKey, type StreamModel } from './model.ts';
import { PeerBaseline } from './peer-baseline.ts';

/** Share of the longest gap between windows that is left after each further window. */
const GAP_DECAY = 0.98;
/** Bits that say which scorers follow in a saved state. */
const FOREST = 1;
const BASELINE = 2;
const FALLBACK = 4;

/** What the fold keeps of one entity beside its open windows. */
export class EntityState {
  schema: FeatureSchema;
  memory: Float64Array;
  lastEventMs = Number.NaN;
  /** End of the newest window with data; NaN before the first. */
  lastEndMs = Number.NaN;
  /** A slowly fading maximum of the time between windows with data. */
  usualGapMs = 0;
  windows = 0;
  /** Decades by which this entity's alarm threshold lies above the stream's; see alarm-threshold.ts. */
  thresholdExcess = 0;
  tracker = new IncidentTracker();
  /** What judges the entity by its own past: whenever there is no profile that serves it. */
  fallback: FallbackScorer | null;
  /** What judges it by its profile; then there is no fallback, because the profile has one of its own. */
  forest: ForestScorer | null = null;
  /** Feature of the schema for each feature of the profile; null when they are the same. */
  map: Int32Array | null = null;
  /** While an entity that the model never saw learns its own level and scale. */
  baseline: PeerBaseline | null = null;

  constructor(schema: FeatureSchema) {
    this.schema = schema;
    this.memory = new Float64Array(schema.memorySize).fill(Number.NaN);
    this.fallback = new FallbackScorer(schema.context);
  }

  /** Follows the entity to the schema of its grown metrics; memories of features that stay are kept. */
  grow(schema: FeatureSchema): void {
    const from = new Map(this.schema.names.map((name, i) => [name, i]));
    const kept = Int32Array.from(schema.names, (name) => from.get(name) ?? -1);
    this.fallback = this.fallback?.rearranged(kept, schema.context) ?? null;
    this.memory = schema.carryMemory(this.schema, this.memory);
    this.schema = schema;
  }

  /**
   * Finds what the model knows of this entity: its own profile, else its peers', else nothing. An 'online' model has no
   * profiles; its forest joins the fallback, which keeps what it has learned.
   */
  serve(model: StreamModel | null, entity: string, rows: Map<number, Row>): void {
    this.forest = null;
    this.map = null;
    this.baseline = null;
    this.#find(model, entity, rows);
    if (this.forest === null) this.fallback ??= new FallbackScorer(this.schema.context);
  }

  #find(model: StreamModel | null, entity: string, rows: Map<number, Row>): void {
    if (model === null) return;
    const own = model.entities.get(entity);
    if (own !== undefined) {
      this.#install(model, own, rows);
      return;
    }
    const peer = model.peers.get(featureKey(this.schema.names));
    if (peer !== undefined) this.baseline = new PeerBaseline(peer);
  }

  #install(model: StreamModel, entity: EntityModel, rows: Map<number, Row>): void {
    this.fallback = null;
    this.forest = new ForestScorer(model, entity, rows);
    this.map = mapping(this.schema.names, entity.profile.features);
  }

  /** Lets a newcomer's baseline learn a row; once it has settled the forest serves, on probation. */
  learn(model: StreamModel, values: Float64Array, rows: Map<number, Row>): void {
    const adapted = this.baseline?.learn(values) ?? null;
    if (adapted !== null) this.#install(model, adapted, rows);
  }

  /** After growth: the profile's features may lie elsewhere now. */
  remap(): void {
    if (this.forest !== null) this.map = mapping(this.schema.names, this.forest.entity.profile.features);
  }

  /** Moves on by one window with data. */
  seen(endMs: number): void {
    if (!Number.isNaN(this.lastEndMs)) {
      this.usualGapMs = Math.max(this.usualGapMs * GAP_DECAY, endMs - this.lastEndMs);
    }
    this.lastEndMs = endMs;
    this.windows++;
  }

  save(writer: ByteWriter): void {
    writer.f64(this.lastEventMs);
    writer.f64(this.lastEndMs);
    writer.f64(this.usualGapMs);
    writer.u32(this.windows);
    writer.f64(this.thresholdExcess);
    writer.f64s(this.memory);
    this.tracker.save(writer);
    writer.u8((this.forest ? FOREST : 0) | (this.baseline ? BASELINE : 0) | (this.fallback ? FALLBACK : 0));
    this.baseline?.save(writer);
    this.forest?.save(writer);
    this.fallback?.save(writer);
  }

  static load(
    reader: ByteReader,
    entity: string,
    schema: FeatureSchema,
    model: StreamModel | null,
    rows: Map<number, Row>,
  ): EntityState {
    const state = new EntityState(schema);
    state.lastEventMs = reader.f64('time of the last event');
    state.lastEndMs = reader.f64('end of the last window');
    state.usualGapMs = reader.f64('usual gap');
    state.windows = reader.u32('windows seen');
    state.thresholdExcess = reader.f64('threshold excess');
    const memory = reader.f64s('feature memory');
    if (memory.length !== schema.memorySize) {
      throw new CorruptBytes(`feature memory has ${memory.length} values, expected ${schema.memorySize}`, reader.at);
    }
    state.memory = memory;
    state.tracker = IncidentTracker.load(reader);
    const flags = reader.u8('scorers');
    if ((flags & FOREST) === 0 ? (flags & FALLBACK) === 0 : (flags & FALLBACK) !== 0)
      throw new CorruptBytes(`scorers are ${flags}, expected the forest or the fallback`, reader.at);
    state.serve(model, entity, rows);
    if (flags & BASELINE) {
      if (state.baseline === null) throw new CorruptBytes('a newcomer has no peers in the model', reader.at);
      const adapted = state.baseline.load(reader);
      if (adapted !== null && flags & FOREST) state.#install(model!, adapted, rows);
    }
    if (flags & FOREST) {
      if (state.forest === null) throw new CorruptBytes('the model does not know the entity', reader.at);
      state.forest.load(reader);
    } else {
      state.forest = null;
      state.fallback = FallbackScorer.load(reader, schema.context);
    }
    return state;
  }
}

function mapping(names: readonly string[], wanted: readonly string[]): Int32Array | null {
  if (names.length === wanted.length && names.every((name, i) => name === wanted[i])) return null;
  const at = new Map(names.map((name, i) => [name, i]));
  return Int32Array.from(wanted, (name) => at.get(name) ?? -1);
}
