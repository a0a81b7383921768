import type { StreamConfig } from '../../core/config/stream.ts';
import { orThrow } from '../../core/errors.ts';
import { loadModel } from '../../detector/model.ts';
import type { ReferenceProfile } from '../../detector/reference.ts';
import type { LookOptions } from '../../monitor/controller/look.ts';
import type { Policy } from '../../monitor/decide/types.ts';
import { packInput } from '../../monitor/figures/evidence.ts';
import { gather, gatherRange, rememberingReader } from '../../monitor/figures/gather.ts';
import type { ObserveInput } from '../../monitor/figures/input.ts';
import { observe } from '../../monitor/figures/observe.ts';
import type { MonitorTables } from '../../monitor/memory/tables.ts';
import type { MonitorStore } from '../../monitor/store.ts';

/** Two weeks of grains of an hour. */
const PROFILES_REMEMBERED = 400;

export type Observer = LookOptions['observe'];

/** Looks at what is in the tables. quality: how the champion does of late; null where nobody has measured it. */
export function observerOf(
  config: StreamConfig,
  policy: Policy,
  store: MonitorStore,
  tables: MonitorTables,
  quality: (atMs: number) => Promise<ObserveInput['quality']>,
): Observer {
  const references = new Map<string, ReferenceProfile | null>();
  const referenceOf = (modelId: string): ReferenceProfile | null => {
    const artifact = tables.models.get(modelId)?.artifact;
    if (artifact === undefined) return null;
    let reference = references.get(modelId);
    if (reference === undefined) {
      reference = orThrow(loadModel(artifact)).reference;
      references.set(modelId, reference);
    }
    return reference;
  };
  const read = rememberingReader(PROFILES_REMEMBERED);
  return async (atMs, newestMs) => {
    const { fromMs, toMs } = gatherRange(config, atMs);
    const input = gather({
      stream: config,
      policy: policy.config,
      atMs,
      newestMs,
      profiles: await store.profiles(config.name, fromMs, toMs),
      referenceOf,
      labels: [],
      latencyP99Ms: null,
      quality: await quality(atMs),
      read,
      trainedMs: (await store.state(config.name))?.trainedMs ?? null,
    });
    return { observation: observe(input), observed: packInput(input) };
  };
}
