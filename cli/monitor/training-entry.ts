import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { workHere } from '../../monitor/training/work.ts';
import { openPool } from '../../store/pool.ts';
import { monitorStores } from './stores.ts';
import { type Training, trainingHere } from './training.ts';
import type { TrainingAnswer, TrainingTask } from './training-threads.ts';

/** The lowest there is, so that verdicts go first on a busy machine. */
const LOWEST_PRIORITY = 19;
const CONNECTIONS = 2;

// Linux gives priorities to threads; elsewhere this would slow the whole process down.
if (process.platform === 'linux') setPriority(0, LOWEST_PRIORITY);
const { method, config, ask, databaseUrl, codeVersion } = (workerData as { task: TrainingTask }).task;
const pool = openPool(databaseUrl, { max: CONNECTIONS, applicationName: 'tidewatch training' });
const training = trainingHere(monitorStores(pool, systemClock), workHere(systemClock), codeVersion);
// The port takes each task from a call of the same method, which the compiler has checked there.
const carryOut = training[method] as (...args: unknown[]) => ReturnType<Training[keyof Training]>;

let answer: TrainingAnswer;
try {
  answer = { done: await carryOut(config, ask, new AbortController().signal) };
} catch (cause) {
  const known = cause instanceof TidewatchError;
  answer = { code: known ? cause.code : null, detail: known ? cause.detail : String((cause as Error).stack ?? cause) };
}
await pool.end();
parentPort!.postMessage(answer);
