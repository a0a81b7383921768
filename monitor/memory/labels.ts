import type { Clock } from '../../core/clock.ts';
import type { Incident, Verdict } from '../../core/types.ts';
import type { Label } from '../controller/ports.ts';
import { checkLabel } from '../labels/check.ts';
import {
  type LabelFilter,
  type LabelOffer,
  type LabelStore,
  MAX_LABEL_ROWS,
  type OfferStore,
} from '../labels/ports.ts';
import { offerId, sample } from '../labels/sample.ts';
import { rowsAllowed } from '../rows-allowed.ts';

/** What was judged, for whoever samples or trains without a database. */
export interface Judged {
  verdicts(): Iterable<Verdict>;
  incidents(): Iterable<Incident>;
}

const NOTHING: Judged = { verdicts: () => [], incidents: () => [] };

/** LabelStore and OfferStore without a database; the same behaviour, proved by the same suite. */
export class MemoryLabels implements LabelStore, OfferStore {
  readonly #judged: Judged;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #labels = new Map<string, Label>();
  readonly #offers = new Map<string, Omit<LabelOffer, 'label'>>();

  constructor(clock: Pick<Clock, 'now'>, judged: Judged = NOTHING) {
    this.#clock = clock;
    this.#judged = judged;
  }

  async add(label: Label): Promise<void> {
    checkLabel(label);
    if (!this.#labels.has(label.id)) this.#labels.set(label.id, { ...label });
  }

  async list(filter: LabelFilter): Promise<Label[]> {
    const { stream, entity, incident, fromMs, toMs } = filter;
    // of two of one millisecond the one that came later is the newer
    return [...this.#labels.values()]
      .reverse()
      .filter(
        (l) =>
          (stream === undefined || l.stream === stream) &&
          (entity === undefined || l.entity === entity) &&
          (incident === undefined || l.incident === incident) &&
          (fromMs === undefined || l.toMs > fromMs) &&
          (toMs === undefined || l.fromMs < toMs),
      )
      .sort((a, b) => b.createdMs - a.createdMs)
      .slice(0, rowsAllowed(filter.limit, MAX_LABEL_ROWS))
      .map((label) => ({ ...label }));
  }

  async offer(stream: string, fromMs: number, toMs: number, probability: number): Promise<number> {
    const incidents = [...this.#judged.incidents()];
    const quiet = [...this.#judged.verdicts()].filter((v) => {
      const endMs = v.windowStartMs + v.windowMs;
      return (
        v.stream === stream &&
        fromMs <= v.windowStartMs &&
        v.windowStartMs < toMs &&
        v.severity <= 1 &&
        !v.probation &&
        !incidents.some(
          (i) => i.stream === stream && i.entity === v.entity && i.startMs < endMs && i.lastMs > v.windowStartMs,
        )
      );
    });
    const chosen = sample(quiet, probability);
    let fresh = 0;
    for (const window of chosen.windows) {
      const id = offerId(window);
      if (this.#offers.has(id)) continue;
      fresh++;
      this.#offers.set(id, {
        id,
        stream,
        entity: window.entity,
        fromMs: window.windowStartMs,
        toMs: window.windowStartMs + window.windowMs,
        probability: chosen.probability,
        offeredMs: this.#clock.now(),
      });
    }
    return fresh;
  }

  async offers(filter: { stream?: string; unanswered?: boolean; limit?: number }): Promise<LabelOffer[]> {
    const newestFirst = await this.list({});
    return [...this.#offers.values()]
      .filter((offer) => filter.stream === undefined || offer.stream === filter.stream)
      .map((offer) => ({ ...offer, label: newestFirst.find((l) => answers(l, offer))?.id ?? null }))
      .filter((offer) => !filter.unanswered || offer.label === null)
      .sort((a, b) => b.fromMs - a.fromMs || (a.id < b.id ? -1 : 1))
      .slice(0, rowsAllowed(filter.limit, MAX_LABEL_ROWS));
  }
}

const answers = (label: Label, offer: Omit<LabelOffer, 'label'>): boolean =>
  label.stream === offer.stream &&
  label.entity === offer.entity &&
  label.fromMs === offer.fromMs &&
  label.toMs === offer.toMs;
