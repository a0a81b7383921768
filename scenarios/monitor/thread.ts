import { parentPort } from 'node:worker_threads';
import type { Job } from './job.ts';
import type { JobAnswer } from './pool.ts';
import { tell } from './tell.ts';

parentPort!.on('message', (job: Job) => {
  tell(job)
    .then((summary): JobAnswer => ({ ok: true, summary }))
    .catch((cause: Error): JobAnswer => ({ ok: false, error: cause.stack ?? cause.message }))
    .then((answer) => parentPort!.postMessage(answer));
});
