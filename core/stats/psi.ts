import { ok, type Result } from '../errors.ts';
import { ln } from '../math.ts';
import { comparableShares } from './shares.ts';

/**
 * Population stability index of counts on the same bins: Σ (q − p)(ln q − ln p), in nats. It is Jeffreys' divergence
 * (1946), the sum of the Kullback-Leibler divergences of both directions; ≥ 0, symmetric to the last bit, and exactly 0
 * for equal proportions. Empty bins as comparableShares says; its faults.
 */
export function psi(reference: ArrayLike<number>, serving: ArrayLike<number>): Result<number> {
  const shares = comparableShares(reference, serving);
  if (!shares.ok) return shares;
  const [p, q] = shares.value;
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += (q[i]! - p[i]!) * (ln(q[i]!) - ln(p[i]!));
  return ok(sum);
}
