import { Random } from '../../core/random.ts';
import type { FeatureFigures, Observation } from '../../monitor/observation.ts';
import { END_MS } from './console.ts';
import type { FixtureMonitor } from './fixture-monitor.ts';
import { HOUR_MS } from './fixture-observations.ts';

/**
 * Puts looks of `hours` grains in place of the fixture's own, of a model with `count` features, with all digits that
 * computed numbers have: how much there is to read is then what it would be.
 */
export async function giveFeatures({ store, tables }: FixtureMonitor, count: number, hours: number): Promise<void> {
  const told = await store.observations('demo', 0, Number.MAX_SAFE_INTEGER);
  const newestMs = Math.floor(END_MS / HOUR_MS) * HOUR_MS;
  const random = new Random(count);
  const looks = new Map<number, string>();
  for (let hoursLeft = hours - 1; hoursLeft >= 0; hoursLeft--) {
    const atMs = newestMs - hoursLeft * HOUR_MS;
    const whole = told[told.length - 1 - (hoursLeft % told.length)]!;
    const like = (i: number) => featureOf(whole.features[i % whole.features.length]!, i, random);
    const observation: Observation = { ...whole, atMs, features: Array.from({ length: count }, (_, i) => like(i)) };
    looks.set(atMs, JSON.stringify(observation, exact));
  }
  tables.observations.set('demo', looks);
}

function featureOf(like: FeatureFigures, i: number, random: Random): FeatureFigures {
  const near = (x: number | null) => x && x * (0.9 + 0.2 * random.next());
  const { psi, ks, missing } = like;
  return {
    ...like,
    feature: `service_${i}_${like.feature}`,
    psi: near(psi),
    ks: near(ks),
    missing: near(missing),
  };
}

/** A number that is not round gets the digits of a double; what was the same everywhere still is. */
const exact = (_name: string, x: unknown): unknown =>
  typeof x === 'number' && !Number.isInteger(x) ? x * (1 + 1e-6 * Math.sin(1e6 * x)) : x;
