import { parentPort, workerData } from 'node:worker_threads';
import type { TrainingAnswer, TrainingOrder } from './training.ts';
import { carryOut } from './training.ts';

const { order } = workerData as { order: TrainingOrder };
const answer: TrainingAnswer = await carryOut(order);
parentPort!.postMessage(answer, answer.ok ? [answer.value.artifact.buffer as ArrayBuffer] : []);
