/**
 * A worker in an odd process: TIDEWATCH_CHAOS_CLOCK_MS is added to its wall clock, and each record that it folds costs
 * TIDEWATCH_CHAOS_FOLD_MS more. Arguments are those of `tidewatch`.
 */
import { Fold } from '../../detector/fold.ts';

const offsetMs = Number(process.env.TIDEWATCH_CHAOS_CLOCK_MS ?? 0);
const foldMs = Number(process.env.TIDEWATCH_CHAOS_FOLD_MS ?? 0);

if (offsetMs !== 0) {
  const now = Date.now;
  Date.now = () => now() + offsetMs;
}
if (foldMs > 0) {
  const { record } = Fold.prototype;
  Fold.prototype.record = function (...args) {
    const until = performance.now() + foldMs;
    while (performance.now() < until);
    record.apply(this, args);
  };
}
await import('../../cli/main.ts');
