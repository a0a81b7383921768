import type { Label } from '../controller/ports.ts';

/** Offers that one call makes at most; beyond it the sample gets thinner, and says how thin. */
export const MAX_OFFERS = 50;
/** Labels and offers that one question answers at most. */
export const MAX_LABEL_ROWS = 10_000;

export interface LabelFilter {
  stream?: string;
  entity?: string;
  incident?: string;
  /** Of windows that overlap [fromMs, toMs). */
  fromMs?: number;
  toMs?: number;
  /** Default and limit: MAX_LABEL_ROWS. */
  limit?: number;
}

/** What people said. Nothing is changed or removed: who changes their mind says something newer, and that holds. */
export interface LabelStore {
  /** Idempotent by id; the first of an id stays. Throws request_invalid for a span that is empty, or a weight below 1. */
  add(label: Label): Promise<void>;
  /** Newest first; of several about one window the newest holds (see holding.ts). */
  list(filter: LabelFilter): Promise<Label[]>;
}

/** A window in which nothing was found, shown to a person so that what alerts miss is known too. */
export interface LabelOffer {
  /** Of stream, entity, start and length; a label that answers it covers the same window. */
  id: string;
  stream: string;
  entity: string;
  fromMs: number;
  toMs: number;
  /** That a quiet window of its call was offered; its label weighs one over this. */
  probability: number;
  /** Wall clock. */
  offeredMs: number;
  /** Newest label of this window, or null while nobody answered. */
  label: string | null;
}

export interface OfferStore {
  /**
   * Offers each quiet window that starts in [fromMs, toMs) with the probability given: no alert in it, off probation, no
   * incident around it. Which ones is told by a hash (sample.ts), so a repeat offers the same. Returns how many are new.
   */
  offer(stream: string, fromMs: number, toMs: number, probability: number): Promise<number>;
  /** Newest window first; unanswered: only those without a label. */
  offers(filter: { stream?: string; unanswered?: boolean; limit?: number }): Promise<LabelOffer[]>;
}
