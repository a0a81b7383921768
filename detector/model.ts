import { ByteReader, ByteWriter, CorruptBytes } from '../core/bytes.ts';
import { type DetectorConfig, detectorConfig } from '../core/config/stream.ts';
import { fail, ok, type Result } from '../core/errors.ts';
import { readArtifact, writeArtifact } from './artifact.ts';
import { type Calibration, loadCalibration, saveCalibration } from './calibration.ts';
import { EVIDENCE } from './evidence.ts';
import { Forest } from './forest/forest.ts';
import { loadProfile, type Profile, ProfileMemory, saveProfile } from './profile.ts';
import type { ReferenceProfile } from './reference.ts';
import { loadReference, saveReference } from './reference-codec.ts';

/**
 * Where the evidence that the forest sees comes from: tails of forecasts from trained profiles, or the tails that every
 * entity learns online about itself.
 */
export type EvidenceKind = 'profile' | 'online';

/** How a forest is grown. A search may have found other parameters than the configured ones, so the model remembers its own. */
export type DetectorParams = Pick<DetectorConfig, 'trees' | 'sampleSize' | 'maxDepth' | 'splitFeatures'>;

export const paramsOf = ({ trees, sampleSize, maxDepth, splitFeatures }: DetectorParams): DetectorParams => ({
  trees,
  sampleSize,
  maxDepth,
  splitFeatures,
});

/** An entity of the model. */
export interface EntityModel {
  profile: Profile;
}

/** Evidence rows with the scores they must have again when the artifact is loaded. */
export interface GoldenVectors {
  rows: Float64Array;
  scores: Float64Array;
}

/**
 * A stream's model: one forest for the fleet, a profile for each entity it was trained on, and a profile of their
 * peers for entities that come later (by list of features). A model of kind 'online' has no profiles, and its forest
 * serves every entity from the first row. Immutable; its id is its content.
 */
export interface StreamModel {
  evidence: EvidenceKind;
  schemaVersion: number;
  configHash: string;
  /** Retraining grows the next forest the same way. */
  detector: DetectorParams;
  forest: Forest;
  calibration: Calibration;
  entities: ReadonlyMap<string, EntityModel>;
  /** Keyed by featureKey. */
  peers: ReadonlyMap<string, EntityModel>;
  golden: GoldenVectors;
  /** How its training was distributed; null for a model of a former version. */
  reference: ReferenceProfile | null;
}

export const featureKey = (features: readonly string[]): string => features.join('\0');

export function saveModel(model: StreamModel): Uint8Array {
  const schemas = [
    ...new Map([...model.peers.values()].map((m) => [featureKey(m.profile.features), m.profile])).values(),
  ];
  const index = new Map(schemas.map((profile, i) => [featureKey(profile.features), i]));
  const section = (write: (writer: ByteWriter) => void): Uint8Array => {
    const writer = new ByteWriter();
    write(writer);
    return writer.finish();
  };
  return writeArtifact(
    'stream',
    new Map([
      [
        'about',
        section((w) => {
          w.u32(model.schemaVersion);
          w.text(model.configHash);
          w.text(model.evidence);
          w.text(JSON.stringify(paramsOf(model.detector)));
        }),
      ],
      [
        'schemas',
        section((w) => {
          w.u32(schemas.length);
          for (const { features, metrics } of schemas) {
            w.u32(features.length);
            for (let c = 0; c < features.length; c++) {
              w.text(features[c]!);
              w.text(metrics[c]!);
            }
          }
        }),
      ],
      ['entities', section((w) => saveEntities(w, model.entities, index))],
      ['peers', section((w) => saveEntities(w, model.peers, index))],
      ['forest', section((w) => model.forest.save(w))],
      ['calibration', section((w) => saveCalibration(w, model.calibration))],
      [
        'golden',
        section((w) => {
          w.f64s(model.golden.rows);
          w.f64s(model.golden.scores);
        }),
      ],
      ...(model.reference === null
        ? []
        : [['reference', section((w) => saveReference(w, model.reference!))] as [string, Uint8Array]]),
    ]),
  );
}

function saveEntities(
  writer: ByteWriter,
  entities: ReadonlyMap<string, EntityModel>,
  index: ReadonlyMap<string, number>,
): void {
  writer.u32(entities.size);
  for (const key of [...entities.keys()].sort()) {
    const { profile } = entities.get(key)!;
    writer.text(key);
    writer.u32(index.get(featureKey(profile.features))!);
    saveProfile(writer, profile);
  }
}

/** Reads and verifies an artifact: hash, sizes, every number, and that its golden vectors score as they did. */
export function loadModel(bytes: Uint8Array): Result<StreamModel> {
  const artifact = readArtifact(bytes);
  if (!artifact.ok) return artifact;
  if (artifact.value.kind !== 'stream')
    return fail('artifact_mismatch', `kind is ${artifact.value.kind}, expected stream`);
  const { sections } = artifact.value;
  const reader = (name: string): ByteReader => {
    const section = sections.get(name);
    if (section === undefined) throw new CorruptBytes(`section ${name} is missing`, 0);
    return new ByteReader(section);
  };
  try {
    const about = reader('about');
    const schemaVersion = about.u32('schema version');
    const configHash = about.text('config hash');
    const evidence = about.text('kind of evidence');
    if (evidence !== 'profile' && evidence !== 'online')
      throw new CorruptBytes(`kind of evidence is ${JSON.stringify(evidence)}`, about.at);
    const detector = loadParams(about);
    const schemas = loadSchemas(reader('schemas'));
    const golden = reader('golden');
    const model: StreamModel = {
      evidence,
      schemaVersion,
      configHash,
      detector,
      entities: loadEntities(reader('entities'), schemas),
      peers: loadEntities(reader('peers'), schemas),
      forest: Forest.from(reader('forest')),
      calibration: loadCalibration(reader('calibration')),
      golden: { rows: golden.f64s('golden rows'), scores: golden.f64s('golden scores') },
      reference: sections.has('reference') ? loadReference(reader('reference')) : null,
    };
    return checkGolden(model);
  } catch (cause) {
    if (cause instanceof CorruptBytes) return fail('artifact_corrupt', cause.message);
    throw cause;
  }
}

const detectorParams = detectorConfig.pick({ trees: true, sampleSize: true, maxDepth: true, splitFeatures: true });

function loadParams(reader: ByteReader): DetectorParams {
  const text = reader.text('detector parameters');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = null; // refused below, with what it was
  }
  const params = detectorParams.safeParse(parsed);
  if (!params.success) throw new CorruptBytes(`detector parameters are ${text.slice(0, 100)}`, reader.at);
  return params.data;
}

function checkGolden(model: StreamModel): Result<StreamModel> {
  const { forest, golden } = model;
  if (forest.width !== EVIDENCE)
    return fail('artifact_mismatch', `forest takes ${forest.width} features, expected ${EVIDENCE}`);
  if (golden.scores.length === 0 || golden.rows.length !== golden.scores.length * EVIDENCE) {
    return fail('artifact_corrupt', `${golden.rows.length} golden values for ${golden.scores.length} scores`);
  }
  for (let i = 0; i < golden.scores.length; i++) {
    const score = forest.score(golden.rows, i * EVIDENCE);
    if (score !== golden.scores[i])
      return fail('artifact_mismatch', `golden vector ${i} scores ${score}, expected ${golden.scores[i]}`);
  }
  return ok(model);
}

type Schema = { features: string[]; metrics: string[] };

function loadSchemas(reader: ByteReader): Schema[] {
  return Array.from({ length: reader.count('schemas', 4) }, () => {
    const schema: Schema = { features: [], metrics: [] };
    const n = reader.count('features of a schema', 8);
    for (let c = 0; c < n; c++) {
      schema.features.push(reader.text('feature name'));
      schema.metrics.push(reader.text('metric name'));
    }
    return schema;
  });
}

function loadEntities(reader: ByteReader, schemas: readonly Schema[]): Map<string, EntityModel> {
  const entities = new Map<string, EntityModel>();
  const memory = new ProfileMemory();
  const contexts = new Map<string, Uint8Array>();
  const n = reader.count('entities of the model', 8);
  for (let i = 0; i < n; i++) {
    const key = reader.text('entity name');
    const at = reader.u32('schema of an entity');
    const schema = schemas[at];
    if (schema === undefined) throw new CorruptBytes(`schema ${at} of ${schemas.length}`, reader.at);
    entities.set(key, { profile: loadProfile(reader, schema.features, schema.metrics, memory, contexts) });
  }
  return entities;
}
