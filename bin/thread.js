// Entry of worker threads: they do not inherit the loader that runs TypeScript sources, so it is registered here.
import { workerData } from 'node:worker_threads';

if (workerData.module.endsWith('.ts')) {
  const { register } = await import('tsx/esm/api');
  register();
}
await import(workerData.module);
