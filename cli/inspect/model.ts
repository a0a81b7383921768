import { ok, type Result } from '../../core/errors.ts';
import { readArtifact } from '../../detector/artifact.ts';
import type { Forest } from '../../detector/forest/forest.ts';
import { loadModel } from '../../detector/model.ts';
import { TableModel } from '../../detector/table.ts';
import type { Facts } from './facts.ts';

export const MODEL_MAGIC = 'TWMODEL';

/** What a model is, after every check that it would have to pass before it serves. */
export function modelFacts(bytes: Uint8Array): Result<Facts> {
  const artifact = readArtifact(bytes);
  if (!artifact.ok) return artifact;
  const { kind, sha256, sections } = artifact.value;
  const common = {
    kind: `model of a ${kind}`,
    sha256,
    sizeBytes: bytes.length,
    sectionBytes: Object.fromEntries([...sections].map(([name, part]) => [name, part.length])),
  };
  if (kind === 'table') {
    const table = TableModel.load(bytes);
    return table.ok ? ok({ ...common, forest: forestFacts(table.value.forest) }) : table;
  }
  const loaded = loadModel(bytes);
  if (!loaded.ok) return loaded;
  const { evidence, schemaVersion, configHash, detector, forest, calibration, entities, peers, golden } = loaded.value;
  const features = new Set([...entities.values(), ...peers.values()].flatMap((e) => e.profile.features));
  return ok({
    ...common,
    evidence,
    schemaVersion,
    configHash,
    forest: forestFacts(forest),
    detector: { ...detector },
    calibration: {
      version: calibration.version,
      forestMedian: figure(calibration.forest.median),
      tailSumMedian: figure(calibration.tailSum.median),
    },
    entities: [...entities.keys()].sort(),
    peerProfiles: peers.size,
    features: [...features].sort(),
    goldenVectors: golden.scores.length,
  });
}

const figure = (x: number): number => Number(x.toPrecision(4));

function forestFacts({ trees }: Forest): Facts {
  const { roots, left, width, splitFeatures, sampleSize, depth } = trees;
  return { trees: roots.length, nodes: left.length, depth, sampleSize, splitFeatures, width };
}
