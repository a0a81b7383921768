import type { Clock } from '../../core/clock.ts';
import { isInfrastructure, TidewatchError } from '../../core/errors.ts';
import type { Effect, EffectResult } from '../types.ts';
import type { EffectRunner } from './ports.ts';

/** An effect that its surroundings keep from an answer is tried so often before it counts as failed. */
export const MAX_ATTEMPTS = 5;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Runs an effect until it has an answer. What it throws is trouble of the surroundings, unless it says otherwise: it is
 * tried again, later each time, and at last answered 'failed'. null when the signal aborts: then somebody else runs it
 * again.
 */
export async function carryOut(
  effect: Effect,
  runner: EffectRunner,
  clock: Clock,
  signal: AbortSignal,
  trouble: (cause: unknown) => void,
): Promise<EffectResult | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await runner.run(effect, signal);
      return signal.aborted ? null : result;
    } catch (cause) {
      if (signal.aborted) return null;
      trouble(cause);
      // a damaged model is as damaged the next time
      const final = cause instanceof TidewatchError && !isInfrastructure(cause.code);
      if (final || attempt >= MAX_ATTEMPTS) return failedWith(cause);
      await clock.sleep(Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS), signal);
      if (signal.aborted) return null;
    }
  }
}

function failedWith(cause: unknown): EffectResult {
  if (cause instanceof TidewatchError) return { kind: 'failed', code: cause.code, detail: cause.detail };
  return { kind: 'failed', code: 'internal', detail: cause instanceof Error ? cause.message : String(cause) };
}
