import { ok, type Result } from '../errors.ts';
import { ln } from '../math.ts';
import { comparableShares } from './shares.ts';

/**
 * Kullback-Leibler divergence (1951) of what is served from the reference, counts on the same bins: Σ q ln(q / p), in
 * nats. ≥ 0 and exactly 0 for equal proportions; not symmetric. Empty bins as comparableShares says; its faults.
 */
export function kl(reference: ArrayLike<number>, serving: ArrayLike<number>): Result<number> {
  const shares = comparableShares(reference, serving);
  if (!shares.ok) return shares;
  const [p, q] = shares.value;
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += q[i]! * (ln(q[i]!) - ln(p[i]!));
  return ok(Math.max(sum, 0));
}
