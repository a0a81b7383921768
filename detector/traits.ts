import type { Series } from './fit-profile.ts';
import { featureKey } from './model.ts';
import { NON_NEGATIVE } from './profile.ts';

/**
 * The series with NON_NEGATIVE set for every feature that no entity of its kind (list of features) ever had below zero.
 * Entities of a kind share their traits.
 */
export function withTraits(series: ReadonlyMap<string, Series>): Map<string, Series> {
  const kinds = new Map<string, Uint8Array>();
  for (const one of series.values()) {
    const key = featureKey(one.features);
    let traits = kinds.get(key);
    if (traits === undefined) {
      traits = one.traits.map((trait) => trait | NON_NEGATIVE);
      kinds.set(key, traits);
    }
    const n = one.features.length;
    for (let i = 0; i < one.rows * n; i++) if (one.values[i]! < 0) traits[i % n]! &= ~NON_NEGATIVE;
  }
  return new Map(
    [...series].map(([entity, one]) => [entity, { ...one, traits: kinds.get(featureKey(one.features))! }]),
  );
}
