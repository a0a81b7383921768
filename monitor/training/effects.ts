import { configHash } from '../../core/config/hash.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import type { Fault } from '../../core/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import { loadModel, paramsOf, type StreamModel } from '../../detector/model.ts';
import { modelIdOf } from '../../detector/offline.ts';
import type { FormerLimits } from '../../detector/reference.ts';
import type { EffectRunner, RegisteredModel, Registry, TrainingData } from '../controller/ports.ts';
import type { Effect, EffectResult, Lineage } from '../types.ts';
import { type Ask, heldBackWindows, trainingSet } from './dataset.ts';
import { gatesOf } from './gates.ts';
import { type GoldenSets, goldenSet } from './golden.ts';
import type { TrainingWork } from './order.ts';
import { recalibrate } from './recalibrate.ts';

export interface TrainingDeps {
  /** The stream as it is configured now; null for one that is gone. */
  config(stream: string): StreamConfig | null;
  data: TrainingData;
  registry: Registry;
  golden: GoldenSets;
  work: TrainingWork;
  codeVersion: string;
}

type Of<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

/** Stream of an effect: decisions are numbered by stream. */
export const streamOf = (effect: Pick<Effect, 'decision'>): string =>
  effect.decision.slice(0, effect.decision.lastIndexOf('-'));

/** The same anomalies are injected at every evaluation of a stream. */
export const evaluationSeed = (stream: string): number => Number.parseInt(sha256Hex(stream).slice(0, 8), 16) | 0;

/**
 * Carries out train, evaluate and recalibrate. Each may be repeated: training gives the same model again, which the registry
 * has already. What is wrong with data comes back as `failed`; infrastructure, and an abort, throw.
 */
export function trainingEffects(deps: TrainingDeps): EffectRunner {
  return {
    async run(effect, signal): Promise<EffectResult> {
      signal.throwIfAborted();
      const stream = streamOf(effect);
      const config = deps.config(stream);
      if (config === null) return failed({ code: 'not_found', detail: `stream ${stream}` });
      if (effect.kind === 'train') return train(deps, config, effect, signal);
      if (effect.kind === 'evaluate') return evaluate(deps, config, effect, signal);
      if (effect.kind === 'recalibrate') return calibrate(deps, config, effect);
      return failed({ code: 'argument_invalid', detail: `effect ${effect.kind} is not about training` });
    },
  };
}

const failed = ({ code, detail }: Fault): EffectResult => ({ kind: 'failed', code, detail });

/** Makes the golden set of a stream from the newest share of its windows, when its first champion is put into service. */
export async function freezeGolden(
  { data, golden }: Pick<TrainingDeps, 'data' | 'golden'>,
  config: StreamConfig,
  ask: Ask,
): Promise<void> {
  if ((await golden.get(config.name)) !== null) return;
  const windows = await heldBackWindows(data, config, { ...ask, fromMs: null });
  if (windows.length > 0) await golden.freeze(config.name, goldenSet(windows));
}

async function train(
  { data, registry, work, codeVersion }: TrainingDeps,
  config: StreamConfig,
  effect: Of<'train'>,
  signal: AbortSignal,
): Promise<EffectResult> {
  const set = await trainingSet(data, config, effect);
  if (!set.ok) return failed(set.fault);
  const parent = (await registry.list(config.name)).find(({ roles }) => roles.includes('champion')) ?? null;
  const champion = await modelOf(registry, parent);
  const params = champion?.detector ?? paramsOf(config.detector);
  const { rows, about } = set.value;
  const trained = await work.train({ config, rows, seed: effect.seed, params, former: limitsOf(champion) }, signal);
  signal.throwIfAborted();
  if (!trained.ok) return failed(trained.fault);
  const { artifact, cost, summary } = trained.value;
  const lineage: Lineage = {
    ...about,
    leftOut: [...about.leftOut, ...summary.leftOut.map((reason) => ({ reason, windows: 0 }))],
    seed: effect.seed,
    parameters: { ...params },
    codeVersion,
    configHash: configHash(config),
    parent: parent?.id ?? null,
    cost,
  };
  const model = await registry.put(config.name, modelIdOf(artifact), artifact, lineage);
  return { kind: 'trained', model, lineage };
}

/** null where there is none that can be read: then a model is trained as if it were the first. */
async function modelOf(registry: Registry, champion: RegisteredModel | null): Promise<StreamModel | null> {
  const artifact = champion && (await registry.get(champion.id));
  const model = artifact && loadModel(artifact);
  return model?.ok ? model.value : null;
}

function limitsOf(model: StreamModel | null): FormerLimits | null {
  const reference = model?.reference ?? null;
  if (reference === null || reference.limits === null) return null;
  return { features: reference.features.map(({ name }) => name), limits: reference.limits };
}

async function calibrate(
  { data, registry }: TrainingDeps,
  config: StreamConfig,
  effect: Of<'recalibrate'>,
): Promise<EffectResult> {
  const artifact = await registry.get(effect.modelId);
  const model = artifact && loadModel(artifact);
  if (model?.ok && model.value.evidence === 'online')
    return failed({ code: 'argument_invalid', detail: 'entities of an online model rank their scores by themselves' });
  const found = await recalibrate(data, config, effect);
  return found.ok ? { kind: 'recalibrated', calibration: found.value } : failed(found.fault);
}

async function evaluate(
  { data, registry, golden, work }: TrainingDeps,
  config: StreamConfig,
  effect: Of<'evaluate'>,
  signal: AbortSignal,
): Promise<EffectResult> {
  const { candidate, champion, calibration } = effect;
  const artifact = await registry.get(candidate.modelId);
  if (artifact === null) return failed({ code: 'not_found', detail: `model ${candidate.modelId}` });
  const sha256 = sha256Hex(artifact);
  if (sha256 !== candidate.sha256)
    return failed({ code: 'artifact_mismatch', detail: `SHA-256 is ${sha256}, expected ${candidate.sha256}` });
  const lineage = (await registry.list(config.name)).find(({ id }) => id === candidate.modelId)?.lineage ?? null;
  const windows = await heldBackWindows(data, config, {
    fromMs: lineage?.toMs ?? null,
    toMs: effect.toMs,
    quarantine: lineage?.quarantined ?? [],
  });
  // a champion from before there was a monitor has none yet
  if (windows.length > 0) await golden.freeze(config.name, goldenSet(windows));
  const judged = await work.evaluate(
    {
      config,
      windows,
      candidate: artifact,
      champion: champion && (await registry.get(champion.modelId)),
      ...(calibration?.combined ? { championKnots: calibration.combined } : {}),
      golden: await golden.get(config.name),
      seed: evaluationSeed(config.name),
    },
    signal,
  );
  signal.throwIfAborted();
  if (!judged.ok) return failed(judged.fault);
  const evaluation = { candidate, champion, ...judged.value.evaluation };
  await registry.evaluated(candidate.modelId, evaluation);
  return { kind: 'evaluated', evaluation, gates: gatesOf(evaluation, config.policy, judged.value.precision) };
}
