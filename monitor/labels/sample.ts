import { createHash } from 'node:crypto';
import { MAX_OFFERS } from './ports.ts';

/** Hex digits of the digest that place a window in [0, 1): 52 bits, which a double holds exactly. */
export const PLACE_DIGITS = 13;
const PLACES = 16 ** PLACE_DIGITS;
/** Keeps names apart; store/offers.ts computes the same text in SQL. */
export const PLACE_SEPARATOR = '\u001f';

export interface QuietWindow {
  stream: string;
  entity: string;
  windowStartMs: number;
  windowMs: number;
}

/**
 * Where a window lies in [0, 1), evenly and for ever: a sample of share p is the windows below p. MD5 because PostgreSQL has
 * it too; nobody gains by choosing a window.
 */
export const placeOf = (w: QuietWindow): number => Number.parseInt(offerId(w).slice(0, PLACE_DIGITS), 16) / PLACES;

export const offerId = (w: QuietWindow): string =>
  createHash('md5').update([w.stream, w.entity, w.windowStartMs, w.windowMs].join(PLACE_SEPARATOR)).digest('hex');

/**
 * The windows to offer, and with which probability each was. More than MAX_OFFERS are cut at the place of the first one
 * left out, which is then the probability of all the others: a bottom-k sample, whose threshold weighs as if it had been
 * chosen beforehand (Duffield, Lund, Thorup, "Priority sampling for estimation of arbitrary subset sums", JACM 2007).
 */
export function sample<W extends QuietWindow>(
  windows: Iterable<W>,
  probability: number,
): { windows: W[]; probability: number } {
  const placed: { place: number; window: W }[] = [];
  for (const window of windows) {
    const place = placeOf(window);
    if (place < probability) placed.push({ place, window });
  }
  placed.sort((a, b) => a.place - b.place);
  const cut = placed[MAX_OFFERS];
  return {
    windows: placed.slice(0, MAX_OFFERS).map(({ window }) => window),
    probability: cut ? cut.place : probability,
  };
}
