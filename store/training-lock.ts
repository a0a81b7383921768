import type pg from 'pg';
import { holdSessionLock, type SessionLock } from './session-lock.ts';

/** 'tran' in ASCII. */
const TRAINING_LOCK = 0x7472616e;

export type TrainingLock = SessionLock;

/**
 * The right to train a stream's first model, which one process has at a time; null when another has it.
 * Throws TidewatchError database_unavailable.
 */
export const holdTraining = (pool: Pick<pg.Pool, 'connect'>, stream: string): Promise<TrainingLock | null> =>
  holdSessionLock(pool, TRAINING_LOCK, stream);
