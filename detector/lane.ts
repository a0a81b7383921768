import { ByteReader, ByteWriter, CorruptBytes } from '../core/bytes.ts';
import type { FeatureSchema } from '../ingest/features.ts';
import { FallbackScorer } from './fallback.ts';
import type { Row } from './forecast.ts';
import { ForestScorer } from './forest-scorer.ts';
import { type GapRule, gapRule } from './gaps.ts';
import { type EntityModel, featureKey } from './model.ts';
import { PeerBaseline } from './peer-baseline.ts';
import type { ServedModel } from './served-model.ts';

/** Bits that say which scorers follow in a saved state. */
const FOREST = 1;
const BASELINE = 2;
const FALLBACK = 4;

/** What one model has for one entity. */
export class Lane {
  /** What judges the entity by its own past: whenever there is no profile that serves it. */
  fallback: FallbackScorer | null = null;
  /** What judges it by its profile; then there is no fallback, because the profile has one of its own. */
  forest: ForestScorer | null = null;
  /** Feature of the schema for each feature of the profile; null when they are the same. */
  map: Int32Array | null = null;
  /** While an entity that the model never saw learns its own level and scale. */
  baseline: PeerBaseline | null = null;
  /** Of the profile; null where nothing is known of what was missing in training. */
  gaps: GapRule | null = null;
  /** Decades by which this entity's alarm threshold lies above the stream's; see alarm-threshold.ts. */
  thresholdExcess = 0;

  /** A lane beside another: where its model has no profile it goes on from what the other has learned. */
  static beside(other: Lane, served: ServedModel, schema: FeatureSchema, entity: string, rows: Map<number, Row>): Lane {
    const lane = new Lane();
    lane.serve(served, schema, entity, rows);
    if (lane.fallback !== null && other.fallback !== null) {
      const writer = new ByteWriter();
      other.fallback.save(writer);
      lane.fallback = FallbackScorer.load(new ByteReader(writer.finish()), schema.context);
    }
    return lane;
  }

  /** kept: of each feature of the new schema its place in the old one, −1 for a new one. */
  rearrange(kept: Int32Array, schema: FeatureSchema): void {
    this.fallback = this.fallback?.rearranged(kept, schema.context) ?? null;
  }

  /** After growth: the profile's features may lie elsewhere now, or there may be a profile for all of them. */
  grown(served: ServedModel, schema: FeatureSchema, entity: string, rows: Map<number, Row>): void {
    if (this.forest === null) this.serve(served, schema, entity, rows);
    else this.map = mapping(schema.names, this.forest.entity.profile.features);
  }

  /**
   * Finds what the model knows of this entity: its own profile, else its peers', else nothing. An 'online' model has no
   * profiles; its forest joins the fallback, which keeps what it has learned.
   */
  serve(served: ServedModel, schema: FeatureSchema, entity: string, rows: Map<number, Row>): void {
    this.forest = null;
    this.map = null;
    this.baseline = null;
    this.gaps = null;
    const { model } = served;
    const own = model?.entities.get(entity);
    if (own !== undefined) this.#install(served, own, schema.names, rows);
    else {
      const peer = model?.peers.get(featureKey(schema.names));
      if (peer !== undefined) this.baseline = new PeerBaseline(peer);
      this.fallback ??= new FallbackScorer(schema.context);
    }
  }

  #install(served: ServedModel, entity: EntityModel, names: readonly string[], rows: Map<number, Row>): void {
    this.fallback = null;
    this.forest = new ForestScorer(served, entity, rows);
    this.map = mapping(names, entity.profile.features);
    this.gaps = served.reference && gapRule(served.reference, entity.profile.features);
  }

  /** Lets a newcomer's baseline learn a row; once it has settled the forest serves, on probation. */
  learn(served: ServedModel, names: readonly string[], values: Float64Array, rows: Map<number, Row>): void {
    const adapted = this.baseline?.learn(values) ?? null;
    if (adapted !== null) this.#install(served, adapted, names, rows);
  }

  save(writer: ByteWriter): void {
    writer.f64(this.thresholdExcess);
    writer.u8((this.forest ? FOREST : 0) | (this.baseline ? BASELINE : 0) | (this.fallback ? FALLBACK : 0));
    this.baseline?.save(writer);
    this.forest?.save(writer);
    this.fallback?.save(writer);
  }

  static load(
    reader: ByteReader,
    entity: string,
    schema: FeatureSchema,
    served: ServedModel,
    rows: Map<number, Row>,
  ): Lane {
    const lane = new Lane();
    lane.thresholdExcess = reader.f64('threshold excess');
    const flags = reader.u8('scorers');
    if ((flags & FOREST) === 0 ? (flags & FALLBACK) === 0 : (flags & FALLBACK) !== 0)
      throw new CorruptBytes(`scorers are ${flags}, expected the forest or the fallback`, reader.at);
    lane.serve(served, schema, entity, rows);
    if (flags & BASELINE) {
      if (lane.baseline === null) throw new CorruptBytes('a newcomer has no peers in the model', reader.at);
      const adapted = lane.baseline.load(reader);
      if (adapted !== null && flags & FOREST) lane.#install(served, adapted, schema.names, rows);
    }
    if (flags & FOREST) {
      if (lane.forest === null) throw new CorruptBytes('the model does not know the entity', reader.at);
      lane.forest.load(reader);
    } else {
      lane.forest = null;
      lane.fallback = FallbackScorer.load(reader, schema.context);
    }
    return lane;
  }
}

function mapping(names: readonly string[], wanted: readonly string[]): Int32Array | null {
  if (names.length === wanted.length && names.every((name, i) => name === wanted[i])) return null;
  const at = new Map(names.map((name, i) => [name, i]));
  return Int32Array.from(wanted, (name) => at.get(name) ?? -1);
}
