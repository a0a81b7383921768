import { ByteReader, ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { stateHash } from '../core/config/hash.ts';
import type { StreamConfig } from '../core/config/stream.ts';
import { fail, ok, orThrow, type Result } from '../core/errors.ts';
import type { ControlEntry, ServingMode } from '../core/types.ts';
import { CumulativeSeries } from '../ingest/cumulative.ts';
import type { EntityWindows } from '../ingest/entity-windows.ts';
import { FeatureSchemas } from '../ingest/features.ts';
import { metricFilter } from '../ingest/metric-filter.ts';
import type { Counters } from '../ingest/ports.ts';
import { Windows } from '../ingest/windows.ts';
import { alertDecades } from './calibration.ts';
import { EntityState } from './entity-state.ts';
import type { Row } from './forecast.ts';
import type { StreamModel } from './model.ts';
import { verifyModel } from './shared-model.ts';

const MAGIC = 'TWSTATE';
const FORMAT = 4;
const COUNTERS = ['applied', 'late', 'duplicate', 'dead_lettered', 'filtered', 'conflicts', 'events'] as const;

/** Everything the fold of one partition carries from record to record; to bytes and back. */
export class FoldState {
  readonly counters: Counters = Object.fromEntries(COUNTERS.map((key) => [key, 0])) as Counters;
  readonly windows: Windows;
  readonly cumulative: CumulativeSeries;
  readonly entities = new Map<string, EntityState>();
  controlSequence = 0;
  mode: ServingMode = 'forest';
  modelId = '';
  model: StreamModel | null = null;
  calibrationVersion = 0;
  /** Alert rate of the calibration entry in force; null while the configuration's holds. */
  calibratedRate: number | null = null;
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
    this.windows = new Windows(config);
    this.cumulative = new CumulativeSeries(metricFilter(config.metrics.include, config.metrics.exclude));
    this.#schemas = new FeatureSchemas(config);
  }

  /** Decades of evidence at which a window is anomalous, before what an entity's own threshold adds. */
  get alertDecades(): number {
    return alertDecades(this.calibratedRate ?? this.#config.detector.alertRate);
  }

  /** The state of an entity, brought up to the metrics that it has by now. */
  of(entity: EntityWindows): EntityState {
    const { names } = entity.metrics;
    let state = this.#byIndex[entity.index];
    if (state === undefined) {
      state = new EntityState(this.#schemas.for(names));
      state.serve(this.model, entity.entity, this.rows);
      this.#put(entity, state);
    } else if (state.schema.metricCount !== names.length) {
      state.grow(this.#schemas.for(names));
      if (state.forest === null) state.serve(this.model, entity.entity, this.rows);
      else state.remap();
    }
    return state;
  }

  #put(entity: EntityWindows, state: EntityState): void {
    this.entities.set(entity.entity, state);
    while (this.#byIndex.length < entity.index) this.#byIndex.push(undefined);
    this.#byIndex[entity.index] = state;
  }

  /** Takes a change of model, calibration or mode into force. model: the artifact that a model entry names. */
  change(entry: ControlEntry, model?: Uint8Array): void {
    switch (entry.kind) {
      case 'mode':
        this.mode = entry.mode;
        break;
      case 'calibration':
        this.calibrationVersion = entry.version;
        this.calibratedRate = entry.alertRate;
        break;
      case 'model':
        this.#install(entry.modelId, orThrow(verifyModel(model, this.#config, entry.modelId)));
        for (const [entity, state] of this.entities) state.serve(this.model, entity, this.rows);
        break;
      case 'challenger':
      case 'watermark':
        break;
    }
  }

  #install(modelId: string, model: StreamModel): void {
    this.model = model;
    this.modelId = modelId;
    this.calibrationVersion = model.calibration.version;
  }

  save(): Uint8Array {
    const writer = new ByteWriter(1 << 16);
    writer.text(MAGIC);
    writer.u32(FORMAT);
    writer.text(stateHash(this.#config));
    writer.text(this.modelId);
    writer.text(this.mode);
    writer.u32(this.calibrationVersion);
    writer.f64(this.calibratedRate ?? 0);
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
    return writer.finish();
  }

  /** Model that saved bytes need before they can be loaded; '' for none. */
  static modelOf(bytes: Uint8Array): Result<string> {
    const header = readHeader(bytes);
    return header.ok ? ok(header.value.modelId) : header;
  }

  /** The state that was saved, or what is wrong with it or with the model that it needs. */
  static load(config: StreamConfig, bytes: Uint8Array, artifact: Uint8Array | undefined): Result<FoldState> {
    const header = readHeader(bytes);
    if (!header.ok) return header;
    const { madeWith, modelId, at } = header.value;
    const expected = stateHash(config);
    if (madeWith !== expected) return fail('state_mismatch', `made with ${madeWith}, the stream has ${expected}`);
    const state = new FoldState(config);
    if (modelId !== '') {
      const model = verifyModel(artifact, config, modelId);
      if (!model.ok) return model;
      state.#install(modelId, model.value);
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
    this.calibrationVersion = reader.u32('calibration version');
    const rate = reader.f64('alert rate');
    if (!(rate >= 0 && rate < 1)) throw new CorruptBytes(`alert rate is ${rate}`, reader.at);
    this.calibratedRate = rate === 0 ? null : rate;
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
      this.#put(windows, EntityState.load(reader, entity, schema, this.model, this.rows));
    }
    this.cumulative.load(reader);
    if (reader.remaining > 0) throw new CorruptBytes(`${reader.remaining} bytes too many`, reader.at);
  }
}

/** What a state was made with, the model that it needs, and where the rest of it begins. */
function readHeader(bytes: Uint8Array): Result<{ madeWith: string; modelId: string; at: number }> {
  const header = guarded(() => {
    const reader = new ByteReader(bytes);
    const magic = reader.text('magic');
    if (magic !== MAGIC) throw new CorruptBytes(`magic is ${JSON.stringify(magic)}, expected ${MAGIC}`, 0);
    const format = reader.u32('format');
    if (format !== FORMAT) return { format, madeWith: '', modelId: '', at: reader.at };
    const madeWith = reader.text('hash of windows and features');
    return { format, madeWith, modelId: reader.text('model id'), at: reader.at };
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
