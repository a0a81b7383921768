import type { ServingMode } from '../core/types.ts';
import type { Assessment } from './assessment.ts';
import { Assessor } from './assessor.ts';
import type { EntityState, Serving } from './entity-state.ts';
import type { Row } from './forecast.ts';
import type { ServedModel } from './served-model.ts';
import type { Tallies } from './tallies.ts';

/** Judges each window by the champion and, while there is one, by the challenger too. */
export class WindowJudge {
  /** Of the last window, valid until the next. */
  champion!: Assessment;
  challenger: Assessment | null = null;
  /** The one that speaks, and the model that it is of. */
  served!: Assessment;
  servedBy!: ServedModel;
  readonly #tallies: Tallies;
  readonly #byChampion: Assessor;
  readonly #byChallenger: Assessor;

  constructor(hopMs: number, rows: Map<number, Row>, tallies: Tallies) {
    this.#tallies = tallies;
    this.#byChampion = new Assessor(hopMs, rows);
    this.#byChallenger = new Assessor(hopMs, rows);
  }

  /** values in the order of the entity's schema. */
  judge(entity: EntityState, values: Float64Array, startMs: number, mode: ServingMode, serving: Serving): void {
    const { champion, challenger, share } = serving;
    this.champion = this.#byChampion.assess(entity, entity.champion, values, startMs, mode, champion);
    this.challenger = null;
    this.served = this.champion;
    this.servedBy = champion;
    if (challenger !== null) {
      this.challenger = this.#byChallenger.assess(entity, entity.challenger!, values, startMs, mode, challenger);
      if (entity.place < share) {
        this.served = this.challenger;
        this.servedBy = challenger;
      }
    }
    this.#tally(this.served);
  }

  #tally({ source, failed, gap }: Assessment): void {
    const tallies = this.#tallies;
    if (source === 'forest' || failed) tallies.forestWindows++;
    if (failed) tallies.forestFailed++;
    if (gap) tallies.gaps++;
  }
}
