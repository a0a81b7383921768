import { quantileSorted } from '../core/stats/quantile.ts';
import { type EntityModel, featureKey } from './model.ts';
import { emptyProfile, type Profile } from './profile.ts';

/**
 * For each list of features what its entities have in common: forecasts averaged, everything else the median. It is what
 * an entity that comes later starts from.
 */
export function pooledPeers(entities: ReadonlyMap<string, EntityModel>): Map<string, EntityModel> {
  const groups = new Map<string, EntityModel[]>();
  for (const name of [...entities.keys()].sort()) {
    const entity = entities.get(name)!;
    const key = featureKey(entity.profile.features);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entity]);
    else group.push(entity);
  }
  return new Map([...groups].map(([key, group]) => [key, pool(group)]));
}

function pool(group: readonly EntityModel[]): EntityModel {
  const first = group[0]!.profile;
  const profile: Profile = emptyProfile(first.features, first.metrics, first.traits, first.cross);
  for (const key of ['lags', 'gap'] as const) {
    const sums = new Float64Array(profile[key].length);
    for (const { profile: member } of group) {
      const weights = member[key];
      for (let i = 0; i < sums.length; i++) sums[i]! += weights[i]!;
    }
    profile[key].set(sums.map((sum) => sum / group.length));
  }
  for (const key of ['mean', 'sd', 'median', 'mad', 'knots', 'width', 'robustKnots'] as const) {
    medians(
      group.map((member) => member.profile[key]),
      profile[key],
    );
  }
  return { profile };
}

/** Item by item. Medians of ascending lists ascend, so pooled knots stay in order. */
function medians(lists: readonly ArrayLike<number>[], out: Float64Array | Float32Array): void {
  const column = new Float64Array(lists.length);
  for (let i = 0; i < out.length; i++) {
    for (let k = 0; k < lists.length; k++) column[k] = lists[k]![i]!;
    out[i] = quantileSorted(column.sort(), 0.5);
  }
}
