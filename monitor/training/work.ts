import type { Clock } from '../../core/clock.ts';
import { compare } from './compare.ts';
import type { TrainingWork } from './order.ts';
import { trainOrder } from './retrain.ts';

/** Training and evaluation in the caller's own thread, one after the other. */
export const workHere = (clock: Pick<Clock, 'elapsed'>): TrainingWork => ({
  train: async (order) => trainOrder(order, clock),
  evaluate: async (order) => compare(order, clock),
});
