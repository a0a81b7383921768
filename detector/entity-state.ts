import { type ByteReader, type ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { nameHash } from '../core/hash.ts';
import type { FeatureSchema } from '../ingest/features.ts';
import { FallbackScorer } from './fallback.ts';
import type { Row } from './forecast.ts';
import { IncidentTracker } from './incidents.ts';
import { mixBucket } from './interval-counts.ts';
import { Lane } from './lane.ts';
import type { ServedModel } from './served-model.ts';

/** Share of the longest gap between windows that is left after each further window. */
const GAP_DECAY = 0.98;

/** The models that judge a stream now, and the share of the entities that the challenger serves. */
export interface Serving {
  champion: ServedModel;
  challenger: ServedModel | null;
  share: number;
}

/** What the fold keeps of one entity beside its open windows. */
export class EntityState {
  readonly name: string;
  schema: FeatureSchema;
  memory: Float64Array;
  lastEventMs = Number.NaN;
  /** End of the newest window with data; NaN before the first. */
  lastEndMs = Number.NaN;
  /** A slowly fading maximum of the time between windows with data. */
  usualGapMs = 0;
  windows = 0;
  tracker = new IncidentTracker();
  champion: Lane;
  /** While there is a challenger. */
  challenger: Lane | null = null;
  /** Number of the newest interval profile that counted the entity, and an alert of it. */
  countedIn = 0;
  alertedIn = 0;
  /** Where the entity lies among all of its stream, in [0, 1): a challenger serves those below its share. */
  readonly place: number;
  readonly mixBucket: number;
  /** Median and scale of each feature of the champion's reference; null where it has none, undefined while not looked up. */
  scales: Float32Array | null | undefined = undefined;

  constructor(stream: string, name: string, schema: FeatureSchema, champion = newLane(schema)) {
    this.name = name;
    this.schema = schema;
    this.memory = new Float64Array(schema.memorySize).fill(Number.NaN);
    this.champion = champion;
    this.place = placeOf(stream, name);
    this.mixBucket = mixBucket(name);
  }

  /** Follows the entity to the schema of its grown metrics; memories of features that stay are kept. */
  grow(schema: FeatureSchema, serving: Serving, rows: Map<number, Row>): void {
    const from = new Map(this.schema.names.map((name, i) => [name, i]));
    const kept = Int32Array.from(schema.names, (name) => from.get(name) ?? -1);
    this.champion.rearrange(kept, schema);
    this.challenger?.rearrange(kept, schema);
    this.memory = schema.carryMemory(this.schema, this.memory);
    this.schema = schema;
    this.champion.grown(serving.champion, schema, this.name, rows);
    this.challenger?.grown(serving.challenger!, schema, this.name, rows);
  }

  /** A champion that knows nothing of what came before it. */
  crown(champion: ServedModel, rows: Map<number, Row>): void {
    this.champion.serve(champion, this.schema, this.name, rows);
    this.scales = undefined;
  }

  /** A challenger judges from here on; null: none. */
  challenge(challenger: ServedModel | null, rows: Map<number, Row>): void {
    this.challenger = challenger === null ? null : Lane.beside(this.champion, challenger, this.schema, this.name, rows);
  }

  /** Champion and challenger change places. */
  swap(): void {
    const former = this.champion;
    this.champion = this.challenger!;
    this.challenger = former;
    this.scales = undefined;
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
    writer.u32(this.countedIn);
    writer.u32(this.alertedIn);
    writer.f64s(this.memory);
    this.tracker.save(writer);
    this.champion.save(writer);
    this.challenger?.save(writer);
  }

  static load(
    reader: ByteReader,
    stream: string,
    name: string,
    schema: FeatureSchema,
    serving: Serving,
    rows: Map<number, Row>,
  ): EntityState {
    const state = new EntityState(stream, name, schema);
    state.lastEventMs = reader.f64('time of the last event');
    state.lastEndMs = reader.f64('end of the last window');
    state.usualGapMs = reader.f64('usual gap');
    state.windows = reader.u32('windows seen');
    state.countedIn = reader.u32('profile of the last window');
    state.alertedIn = reader.u32('profile of the last alert');
    const memory = reader.f64s('feature memory');
    if (memory.length !== schema.memorySize) {
      throw new CorruptBytes(`feature memory has ${memory.length} values, expected ${schema.memorySize}`, reader.at);
    }
    state.memory = memory;
    state.tracker = IncidentTracker.load(reader);
    state.champion = Lane.load(reader, name, schema, serving.champion, rows);
    if (serving.challenger !== null) state.challenger = Lane.load(reader, name, schema, serving.challenger, rows);
    return state;
  }
}

function newLane(schema: FeatureSchema): Lane {
  const lane = new Lane();
  lane.fallback = new FallbackScorer(schema.context);
  return lane;
}

/** Other streams order the same names differently, so that no entity is everybody's first. */
export const placeOf = (stream: string, entity: string): number => nameHash(`${stream}\0${entity}`) / 2 ** 32;
