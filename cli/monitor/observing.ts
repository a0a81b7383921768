import type { StreamConfig } from '../../core/config/stream.ts';
import { loadModel } from '../../detector/model.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import type { LookOptions } from '../../monitor/controller/look.ts';
import type { Policy } from '../../monitor/decide/types.ts';
import { packInput } from '../../monitor/figures/evidence.ts';
import { gather, gatherRange } from '../../monitor/figures/gather.ts';
import { observe } from '../../monitor/figures/observe.ts';
import type { Observation } from '../../monitor/observation.ts';
import { latencyQuantile } from '../../monitor/serving-stats.ts';
import { labelledWindows } from './labelled.ts';
import type { QualityWatch } from './quality-watch.ts';
import type { MonitorStores } from './stores.ts';

/** References of a stream that stay in memory: the champion's, its challenger's, and those of the week before. */
const MAX_REFERENCES = 8;

export interface ObservingOptions {
  stream: StreamConfig;
  policy: () => Policy;
  stores: Pick<MonitorStores, 'monitor' | 'registry' | 'servingStats' | 'labels' | 'reader'>;
  quality: QualityWatch;
  onObserved?: (observation: Observation) => void;
}

/** Looks at a stream in the database: counts of all partitions, labels, latencies, and the references of its models. */
export function observing({
  stream: configured,
  policy: policyNow,
  stores,
  quality,
  onObserved,
}: ObservingOptions): LookOptions['observe'] {
  const { monitor, registry, servingStats } = stores;
  const references = new Map<string, ReferenceProfile | null>();

  /** A model that is gone, or cannot be read, has no reference: its figures are unknown then. */
  const learn = async (modelId: string): Promise<void> => {
    if (modelId === '' || references.has(modelId)) return;
    const artifact = await registry.get(modelId);
    const model = artifact && loadModel(artifact);
    references.set(modelId, model?.ok ? model.value.reference : null);
    while (references.size > MAX_REFERENCES) references.delete(references.keys().next().value!);
  };

  return async (atMs, newestMs) => {
    const policy = policyNow();
    const stream = { ...configured, policy: policy.config };
    const { name, profile } = stream;
    const { fromMs, toMs } = gatherRange(stream, atMs);
    const profiles = await monitor.profiles(name, fromMs, toMs);
    const newest = profiles.filter(({ startMs }) => startMs >= atMs - profile.grainMs);
    const served = new Set((newest.length > 0 ? newest : profiles).map(({ modelId }) => modelId));
    for (const modelId of served) await learn(modelId);
    const state = await monitor.state(name);
    const champion = state?.serving.champion?.modelId ?? '';
    const span = { fromMs: atMs - policy.config.training.spanMs, toMs: atMs };
    const stats = await servingStats.read(name, atMs - profile.grainMs, atMs);
    const input = gather({
      stream,
      policy: policy.config,
      atMs,
      newestMs,
      profiles,
      referenceOf: (modelId) => references.get(modelId) ?? null,
      labels: champion === '' ? [] : await labelledWindows(stores, name, champion, span),
      latencyP99Ms: stats && latencyQuantile(stats.latency, 0.99),
      quality: quality.at(stream, champion, atMs, state?.quarantine ?? []),
      trainedMs: state?.trainedMs ?? null,
    });
    const observation = observe(input);
    onObserved?.(observation);
    return { observation, observed: packInput(input) };
  };
}
