import type { EffectRunner } from '../../monitor/controller/ports.ts';
import type { Commit, MonitorHold } from '../../monitor/store.ts';
import type { Effect } from '../../monitor/types.ts';

/**
 * Ends the controller's process once at every place where it could matter: before and after each commit that decides
 * something or takes an answer, before and after each effect, and at the first commit that does neither. What was under
 * way then never goes on, as in a process that is gone.
 */
export class Killer {
  readonly #places = new Set<string>();
  #died: (() => void) | null = null;

  get kills(): number {
    return this.#places.size;
  }

  /** Resolves to true when the work is done, and to false when the process died meanwhile. */
  survives(work: Promise<unknown>): Promise<boolean> {
    const death = new Promise<boolean>((resolve) => {
      this.#died = () => resolve(false);
    });
    return Promise.race([work.then(() => true), death]);
  }

  /** Never resolves the first time that a place is passed. */
  #at(place: string): Promise<void> {
    if (this.#places.has(place)) return Promise.resolve();
    this.#places.add(place);
    this.#died?.();
    return new Promise<never>(() => undefined);
  }

  hold(hold: MonitorHold): MonitorHold {
    return {
      lost: hold.lost,
      release: () => hold.release(),
      commit: async (commit) => {
        const place = placeOf(commit);
        await this.#at(`before ${place}`);
        const outcome = await hold.commit(commit);
        await this.#at(`after ${place}`);
        return outcome;
      },
    };
  }

  effects(runner: EffectRunner): EffectRunner {
    return {
      run: async (effect: Effect, signal: AbortSignal) => {
        await this.#at(`before effect ${effect.id}`);
        const result = await runner.run(effect, signal);
        await this.#at(`after effect ${effect.id}`);
        return result;
      },
    };
  }
}

function placeOf({ input, observation, decisions }: Commit): string {
  const quiet = observation !== null && decisions.length === 0;
  return quiet ? 'commit of an observation without a decision' : `commit of ${input}`;
}
