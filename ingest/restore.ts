import type { Clock } from '../core/clock.ts';
import { type Result, TidewatchError } from '../core/errors.ts';
import { fetchArtifact } from './model-check.ts';
import type { FoldFactory, Log, PartitionFold } from './ports.ts';

/** A broker that has just become leader may know less of the end than it soon will. */
const END_ATTEMPTS = 20;
const END_RETRY_MS = 250;

/**
 * Waits for a log that cannot be reached, until it says where it ends. Throws log_truncated for one that ends before
 * `from`, the place up to which it was read: it is not the log that we read, and its new records would be skipped.
 */
export async function learnEnd(log: Log, from: number, clock: Clock, stop: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const reached = await log.refresh();
    if (reached && log.end() >= from) return;
    if (reached && attempt >= END_ATTEMPTS)
      throw new TidewatchError('log_truncated', `read up to offset ${from}, it ends at ${log.end()}`);
    if (stop.aborted) throw stopped();
    await clock.sleep(END_RETRY_MS, stop);
  }
}

/** The fold of a saved state, with the models that it names. */
export async function restoreFold<F extends PartitionFold>(
  folds: FoldFactory<F>,
  state: Uint8Array,
  fetch: (modelId: string) => Promise<Uint8Array | null>,
): Promise<Result<F>> {
  const artifacts: (Uint8Array | undefined)[] = [];
  for (const named of [folds.modelOf(state), folds.challengerOf(state)]) {
    if (!named.ok) return named;
    const artifact = named.value === '' ? null : await fetchArtifact(named.value, fetch);
    if (artifact?.ok === false) return artifact;
    artifacts.push(artifact?.value);
  }
  return folds.restore(state, artifacts[0], artifacts[1]);
}

/** What a run throws that was asked to let the partition go. */
export const stopped = () => new TidewatchError('not_found', 'the partition was let go');

/** What a run throws that another owner has ended. */
export const fenced = () => new TidewatchError('already_running', 'another process has taken over this partition');
