import { ByteReader, ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { stateHash } from '../core/config/hash.ts';
import type { StreamConfig } from '../core/config/stream.ts';
import { fail, ok, orThrow, type Result, TidewatchError } from '../core/errors.ts';
import type { ControlEntry, ServingMode } from '../core/types.ts';
import { CumulativeSeries } from '../ingest/cumulative.ts';
import type { EntityWindows } from '../ingest/entity-windows.ts';
import { FeatureSchemas } from '../ingest/features.ts';
import { metricFilter } from '../ingest/metric-filter.ts';
import type { Counters } from '../ingest/ports.ts';
import { Windows } from '../ingest/windows.ts';
import { EntityState, type Serving } from './entity-state.ts';
import type { Row } from './forecast.ts';
import type { StreamModel } from './model.ts';
import { Profiler } from './profiler.ts';
import { type CalibrationChange, checkCalibration, ServedModel } from './served-model.ts';
import { verifyModel } from './shared-model.ts';

const MAGIC = 'TWSTATE';
const FORMAT = 5;
const COUNTERS = ['applied', 'late', 'duplicate', 'dead_lettered', 'filtered', 'conflicts', 'events'] as const;

/** Everything the fold of one partition carries from record to record; to bytes and back. */
export class FoldState {
  readonly counters: Counters = Object.fromEntries(COUNTERS.map((key) => [key, 0])) as Counters;
  readonly windows: Windows;
  readonly cumulative: CumulativeSeries;
  readonly entities = new Map<string, EntityState>();
  controlSequence = 0;
  mode: ServingMode = 'forest';
  readonly serving: Serving;
  readonly profiler: Profiler;
  /** Newest hop boundary at which absent entities were looked for. */
  absenceCheckedMs = Number.NEGATIVE_INFINITY;
  /** Scratch rows by number of features, shared by all scorers. */
  readonly rows = new Map<number, Row>();
  /** The same by the index of their windows, so that a closing window need not look its entity up. */
  readonly #byIndex: (EntityState | undefined)[] = [];
  readonly #config: StreamConfig;
  readonly #schemas: FeatureSchemas;

  constructor(config: StreamConfig) {
    this.#config = config;
    this.serving = { champion: this.#served('', null), challenger: null, share: 0 };
    this.profiler = new Profiler(config);
    this.windows = new Windows(config);
    this.cumulative = new CumulativeSeries(metricFilter(config.metrics.include, config.metrics.exclude));
    this.#schemas = new FeatureSchemas(config);
  }

  /** Id of the champion, '' for none. */
  get modelId(): string {
    return this.serving.champion.modelId;
  }

  get model(): StreamModel | null {
    return this.serving.champion.model;
  }

  /** Of the champion, before what an entity's own threshold adds. */
  get alertDecades(): number {
    return this.serving.champion.alertDecades;
  }

  #served(modelId: string, model: StreamModel | null): ServedModel {
    return new ServedModel(modelId, model, this.#config.detector.alertRate);
  }

  /** The state of an entity, brought up to the metrics that it has by now. */
  of(entity: EntityWindows): EntityState {
    const { names } = entity.metrics;
    let state = this.#byIndex[entity.index];
    if (state === undefined) {
      state = new EntityState(this.#config.name, entity.entity, this.#schemas.for(names));
      state.crown(this.serving.champion, this.rows);
      state.challenge(this.serving.challenger, this.rows);
      this.#put(entity, state);
    } else if (state.schema.metricCount !== names.length) {
      state.grow(this.#schemas.for(names), this.serving, this.rows);
    }
    return state;
  }

  #put(entity: EntityWindows, state: EntityState): void {
    this.entities.set(entity.entity, state);
    while (this.#byIndex.length < entity.index) this.#byIndex.push(undefined);
    this.#byIndex[entity.index] = state;
  }

  /** Takes a change of models, calibration or mode into force. model: the artifact that the entry names. */
  change(entry: ControlEntry, model?: Uint8Array): void {
    switch (entry.kind) {
      case 'mode':
        this.mode = entry.mode;
        break;
      case 'calibration':
        this.#calibrate(entry);
        break;
      case 'model':
        if (this.serving.challenger?.modelId === entry.modelId) this.#swap();
        else this.crown(entry.modelId, orThrow(verifyModel(model, this.#config, entry.modelId)));
        break;
      case 'challenger':
        this.#challenge(entry.modelId, entry.share, model);
        break;
      case 'watermark':
        break;
    }
  }

  /** A champion that starts cold. */
  crown(modelId: string, model: StreamModel): void {
    const { serving } = this;
    serving.champion = this.#served(modelId, model);
    for (const state of this.entities.values()) state.crown(serving.champion, this.rows);
    if (serving.challenger?.modelId === modelId) this.#withdraw();
  }

  #swap(): void {
    const { serving } = this;
    const former = serving.champion;
    serving.champion = serving.challenger!;
    serving.challenger = former;
    serving.share = 0;
    for (const state of this.entities.values()) state.swap();
    if (former.modelId === '') this.#withdraw();
  }

  /** '' withdraws, and so does the champion's own name; the challenger's own name changes its share alone. */
  #challenge(modelId: string, share: number, artifact: Uint8Array | undefined): void {
    const { serving } = this;
    if (modelId === '' || modelId === serving.champion.modelId) return this.#withdraw();
    if (serving.challenger?.modelId !== modelId) {
      serving.challenger = this.#served(modelId, orThrow(verifyModel(artifact, this.#config, modelId)));
      for (const state of this.entities.values()) state.challenge(serving.challenger, this.rows);
    }
    serving.share = share;
  }

  #withdraw(): void {
    this.serving.challenger = null;
    this.serving.share = 0;
    for (const state of this.entities.values()) state.challenger = null;
  }

  /** One that names neither model is of the past and changes nothing. Throws calibration_invalid. */
  #calibrate(change: CalibrationChange): void {
    const checked = checkCalibration(change);
    if (!checked.ok) throw new TidewatchError(checked.fault.code, checked.fault.detail);
    const { champion, challenger } = this.serving;
    if (champion.modelId === change.modelId) {
      if (champion.calibrate(change)) for (const state of this.entities.values()) state.champion.thresholdExcess = 0;
    } else if (challenger?.modelId === change.modelId && challenger.calibrate(change))
      for (const state of this.entities.values()) if (state.challenger !== null) state.challenger.thresholdExcess = 0;
  }

  save(): Uint8Array {
    const writer = new ByteWriter(1 << 16);
    writer.text(MAGIC);
    writer.u32(FORMAT);
    writer.text(stateHash(this.#config));
    const { champion, challenger, share } = this.serving;
    writer.text(champion.modelId);
    writer.text(challenger?.modelId ?? '');
    writer.text(this.mode);
    writer.f64(share);
    champion.save(writer);
    challenger?.save(writer);
    writer.u32(this.controlSequence);
    writer.f64(this.absenceCheckedMs);
    for (const key of COUNTERS) writer.f64(this.counters[key]);
    this.windows.save(writer);
    writer.u32(this.entities.size);
    for (const entity of [...this.entities.keys()].sort()) {
      const state = this.entities.get(entity)!;
      writer.text(entity);
      writer.u32(state.schema.metricCount);
      state.save(writer);
    }
    this.cumulative.save(writer);
    this.profiler.save(writer);
    return writer.finish();
  }

  /** Model that saved bytes need before they can be loaded; '' for none. */
  static modelOf(bytes: Uint8Array): Result<string> {
    const header = readHeader(bytes);
    return header.ok ? ok(header.value.modelId) : header;
  }

  /** The same of the challenger. */
  static challengerOf(bytes: Uint8Array): Result<string> {
    const header = readHeader(bytes);
    return header.ok ? ok(header.value.challengerId) : header;
  }

  /** The state that was saved, or what is wrong with it or with the models that it needs. */
  static load(
    config: StreamConfig,
    bytes: Uint8Array,
    artifact: Uint8Array | undefined,
    challengerArtifact?: Uint8Array,
  ): Result<FoldState> {
    const header = readHeader(bytes);
    if (!header.ok) return header;
    const { madeWith, modelId, challengerId, at } = header.value;
    const expected = stateHash(config);
    if (madeWith !== expected) return fail('state_mismatch', `made with ${madeWith}, the stream has ${expected}`);
    const state = new FoldState(config);
    if (modelId !== '') {
      const model = verifyModel(artifact, config, modelId);
      if (!model.ok) return model;
      state.serving.champion = state.#served(modelId, model.value);
    }
    if (challengerId !== '') {
      const model = verifyModel(challengerArtifact, config, challengerId);
      if (!model.ok) return model;
      state.serving.challenger = state.#served(challengerId, model.value);
    }
    return guarded(() => {
      state.#load(new ByteReader(bytes.subarray(at)));
      return state;
    });
  }

  #load(reader: ByteReader): void {
    const mode = reader.text('mode');
    if (mode !== 'forest' && mode !== 'fallback' && mode !== 'disabled') {
      throw new CorruptBytes(`mode is ${mode}`, reader.at);
    }
    this.mode = mode;
    const share = reader.f64('share');
    if (!(share >= 0 && share <= 1)) throw new CorruptBytes(`share is ${share}`, reader.at);
    this.serving.share = share;
    this.serving.champion.load(reader);
    this.serving.challenger?.load(reader);
    this.controlSequence = reader.u32('control sequence');
    this.absenceCheckedMs = reader.f64('absence check');
    for (const key of COUNTERS) this.counters[key] = reader.f64(key);
    this.windows.load(reader);
    const n = reader.count('entity states', 8);
    for (let i = 0; i < n; i++) {
      const entity = reader.text('entity name');
      const windows = this.windows.entities.get(entity);
      const count = reader.u32('metrics of an entity');
      if (windows === undefined || count > windows.metrics.names.length) {
        throw new CorruptBytes(`entity ${entity} has ${count} metrics, its windows do not`, reader.at);
      }
      const schema = this.#schemas.for(windows.metrics.names.slice(0, count));
      this.#put(windows, EntityState.load(reader, this.#config.name, entity, schema, this.serving, this.rows));
    }
    this.cumulative.load(reader);
    this.profiler.load(reader, this.serving);
    if (reader.remaining > 0) throw new CorruptBytes(`${reader.remaining} bytes too many`, reader.at);
  }
}

interface Header {
  madeWith: string;
  modelId: string;
  challengerId: string;
  /** Where the rest begins. */
  at: number;
}

/** What a state was made with, and the models that it needs. */
function readHeader(bytes: Uint8Array): Result<Header> {
  const header = guarded(() => {
    const reader = new ByteReader(bytes);
    const magic = reader.text('magic');
    if (magic !== MAGIC) throw new CorruptBytes(`magic is ${JSON.stringify(magic)}, expected ${MAGIC}`, 0);
    const format = reader.u32('format');
    if (format !== FORMAT) return { format, madeWith: '', modelId: '', challengerId: '', at: reader.at };
    const madeWith = reader.text('hash of windows and features');
    const modelId = reader.text('model id');
    return { format, madeWith, modelId, challengerId: reader.text('challenger id'), at: reader.at };
  });
  if (header.ok && header.value.format !== FORMAT)
    return fail('state_mismatch', `its format is ${header.value.format}, this version has ${FORMAT}`);
  return header;
}

function guarded<T>(read: () => T): Result<T> {
  try {
    return ok(read());
  } catch (cause) {
    if (cause instanceof CorruptBytes) return fail('state_corrupt', cause.message);
    throw cause;
  }
}
