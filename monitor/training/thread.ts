import { Worker } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import type { Result } from '../../core/errors.ts';
import { compare, type Judged } from './compare.ts';
import type { EvaluationOrder, Trained, TrainingOrder, TrainingWork } from './order.ts';
import { trainOrder } from './retrain.ts';

/** Memory of a training thread; beyond it the thread ends, and nothing else does. */
const MAX_HEAP_MB = 2048;

export type ThreadOrder = { kind: 'train'; order: TrainingOrder } | { kind: 'evaluate'; order: EvaluationOrder };

/** Work in the caller's own thread, one after the other: for scenarios, which have no verdicts to delay. */
export const workHere = (clock: Pick<Clock, 'elapsed'>): TrainingWork => ({
  train: async (order) => trainOrder(order, clock),
  evaluate: async (order) => compare(order, clock),
});

/** Work in a thread of its own that yields to everything else on the machine. Rejects when it dies, or is aborted. */
export const workInThreads = (): TrainingWork => ({
  train: (order, signal) => inThread<Trained>({ kind: 'train', order }, signal),
  evaluate: (order, signal) => inThread<Judged>({ kind: 'evaluate', order }, signal),
});

function inThread<T>(order: ThreadOrder, signal: AbortSignal): Promise<Result<T>> {
  const source = import.meta.url.endsWith('.ts');
  const module = new URL(source ? './thread-entry.ts' : './thread-entry.js', import.meta.url).href;
  const entry = new URL(source ? '../../bin/thread.js' : '../../../bin/thread.js', import.meta.url);
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const worker = new Worker(entry, {
      workerData: { module, order },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const aborted = () => {
      void worker.terminate();
      reject(signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', aborted);
      reject(new Error(`the training thread ended with code ${code}`));
    });
  });
}
