import { type ResourceLimits, Worker } from 'node:worker_threads';

/** A thread that runs the module of this name beside the caller's, whether that runs from sources or was built. */
export function threadBeside(callerUrl: string, name: string, data: object, resourceLimits?: ResourceLimits): Worker {
  const source = callerUrl.endsWith('.ts');
  const module = new URL(`./${name}.${source ? 'ts' : 'js'}`, callerUrl).href;
  const entry = new URL(source ? '../bin/thread.js' : '../../bin/thread.js', import.meta.url);
  return new Worker(entry, { workerData: { module, ...data }, ...(resourceLimits && { resourceLimits }) });
}
