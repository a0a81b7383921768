import type { Clock } from '../core/clock.ts';
import { type Fault, TidewatchError } from '../core/errors.ts';

/** Troubles of PostgreSQL or Kafka that pass, or that an operator mends while we wait. */
const PASSING: ReadonlySet<string> = new Set(['database_unavailable', 'disk_full', 'broker_unavailable']);
/** Pause after PostgreSQL refused a call; the log is the buffer meanwhile. */
const RETRY_MS = [100, 250, 500, 1000, 2000, 5000];

export const passes = (cause: unknown): cause is TidewatchError =>
  cause instanceof TidewatchError && PASSING.has(cause.code);

/**
 * PostgreSQL may be away for a while: the call is repeated, unchanged, until it answers. Once the signal has aborted it
 * gets one more try, and what is thrown then is thrown on.
 */
export async function patiently<T>(
  call: () => Promise<T>,
  clock: Clock,
  stop: AbortSignal,
  onNotice?: (message: string, fault?: Fault) => void,
  onRetry?: () => void,
): Promise<T> {
  let away = '';
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await call();
      if (attempt > 0) onNotice?.(`${away} takes our calls again`);
      return answer;
    } catch (cause) {
      if (!passes(cause) || (stop.aborted && attempt > 0)) throw cause;
      away = cause.code === 'broker_unavailable' ? 'Kafka' : 'PostgreSQL';
      if (attempt === 0)
        onNotice?.(`${away} does not take our calls; waiting`, { code: cause.code, detail: cause.detail });
      onRetry?.();
      await clock.sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!, stop);
    }
  }
}
