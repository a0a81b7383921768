import type { StreamConfig } from '../../core/config/stream.ts';
import { type ErrorCode, TidewatchError } from '../../core/errors.ts';
import { threadBeside } from '../thread.ts';
import type { Training } from './training.ts';

/** Memory of a training thread; beyond it the thread ends, and nothing else does. */
const MAX_HEAP_MB = 2048;

/** What a thread is to do: a method of Training and what it is given, all of which can be cloned between threads. */
export interface TrainingTask {
  method: keyof Training;
  config: StreamConfig;
  ask: unknown;
  databaseUrl: string;
  codeVersion: string;
}

/** code: of a TidewatchError; null for any other error. */
export type TrainingAnswer = { done: unknown } | { code: ErrorCode | null; detail: string };

/**
 * Training in a thread of its own, with a connection of its own: windows never pass through the thread that judges, not
 * even on their way to the other. Each call is a thread; it rejects with what went wrong there, and when it is aborted.
 */
export function trainingInThreads(databaseUrl: string, codeVersion: string): Training {
  const there =
    <A, R>(method: keyof Training) =>
    (config: StreamConfig, ask: A, signal: AbortSignal) =>
      inThread({ method, config, ask, databaseUrl, codeVersion }, signal) as Promise<R>;
  return { run: there('run'), quality: there('quality'), freeze: there('freeze') };
}

function inThread(task: TrainingTask, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const limits = { maxOldGenerationSizeMb: MAX_HEAP_MB };
    const worker = threadBeside(import.meta.url, 'training-entry', { task }, limits);
    const aborted = () => {
      void worker.terminate();
      reject(signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
    worker.once('message', (answer: TrainingAnswer) => {
      if ('done' in answer) resolve(answer.done);
      else reject(answer.code === null ? new Error(answer.detail) : new TidewatchError(answer.code, answer.detail));
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', aborted);
      reject(new Error(`the training thread ended with code ${code}`));
    });
  });
}
