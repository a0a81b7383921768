import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Job } from './job.ts';
import type { RunSummary } from './judge.ts';

/** Threads at most: a month in memory takes a few hundred megabytes. */
const MAX_THREADS = 8;

export type JobAnswer = { ok: true; summary: RunSummary } | { ok: false; error: string };

/**
 * Tells all stories, as many at once as there are processors. Summaries in the order of the jobs. Throws what a story
 * threw, and when the signal aborts.
 */
export async function tellAll(
  jobs: readonly Job[],
  signal: AbortSignal,
  onDone: (summary: RunSummary, done: number) => void,
): Promise<RunSummary[]> {
  const summaries: RunSummary[] = [];
  let next = 0;
  let done = 0;
  const thread = async () => {
    const worker = startThread();
    const abort = () => void worker.terminate();
    signal.addEventListener('abort', abort, { once: true });
    try {
      while (next < jobs.length) {
        signal.throwIfAborted();
        const at = next++;
        const answer = await ask(worker, jobs[at]!);
        if (!answer.ok) {
          const { scenario, source, seed } = jobs[at]!;
          throw new Error(`${scenario}, ${source}, seed ${seed}: ${answer.error}`);
        }
        summaries[at] = answer.summary;
        onDone(answer.summary, ++done);
      }
    } finally {
      signal.removeEventListener('abort', abort);
      // when one story cannot be told, the others need not begin
      next = jobs.length;
      await worker.terminate();
    }
  };
  const threads = Math.min(jobs.length, availableParallelism(), MAX_THREADS);
  await Promise.all(Array.from({ length: threads }, thread));
  return summaries;
}

function startThread(): Worker {
  const source = import.meta.url.endsWith('.ts');
  const module = new URL(source ? './thread.ts' : './thread.js', import.meta.url).href;
  return new Worker(new URL(source ? '../../bin/thread.js' : '../../../bin/thread.js', import.meta.url), {
    workerData: { module },
  });
}

function ask(worker: Worker, job: Job): Promise<JobAnswer> {
  return new Promise((resolve, reject) => {
    const died = (code: number) => reject(new Error(`a thread ended with code ${code}`));
    const finish = (settle: () => void) => {
      worker.off('exit', died);
      worker.off('error', failed);
      worker.off('message', answered);
      settle();
    };
    const failed = (cause: Error) => finish(() => reject(cause));
    const answered = (answer: JobAnswer) => finish(() => resolve(answer));
    worker.on('exit', died);
    worker.on('error', failed);
    worker.on('message', answered);
    worker.postMessage(job);
  });
}
