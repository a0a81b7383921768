import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { compare } from './compare.ts';
import { trainOrder } from './retrain.ts';
import type { ThreadOrder } from './thread.ts';

/** The lowest there is, so that verdicts go first on a busy machine. */
const LOWEST_PRIORITY = 19;

// Linux gives priorities to threads; elsewhere this would slow the whole process down.
if (process.platform === 'linux') setPriority(0, LOWEST_PRIORITY);
const { order } = workerData as { order: ThreadOrder };
if (order.kind === 'train') {
  const answer = trainOrder(order.order, systemClock);
  parentPort!.postMessage(answer, answer.ok ? [answer.value.artifact.buffer as ArrayBuffer] : []);
} else {
  parentPort!.postMessage(compare(order.order, systemClock));
}
