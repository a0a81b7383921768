import type { EffectRunner } from '../../monitor/controller/ports.ts';
import type { MonitorHold } from '../../monitor/store.ts';
import type { Command, EffectResult, Input } from '../../monitor/types.ts';

const EFFECT_KEY = 'effect ';

/** Every input that was taken, in order: what a simulation of another policy starts from. */
export class Recorder {
  readonly inputs: Input[] = [];
  readonly #answers = new Map<string, EffectResult>();
  readonly #commands = new Map<string, Extract<Input, { kind: 'command' }>>();

  /** A command about to be given. */
  command(key: string, atMs: number, command: Command): Input {
    const input = { kind: 'command', key, actor: 'controller', atMs, command, note: '' } as const;
    this.#commands.set(key, input);
    return input;
  }

  effects(runner: EffectRunner): EffectRunner {
    return {
      run: async (effect, signal) => {
        const result = await runner.run(effect, signal);
        this.#answers.set(`${EFFECT_KEY}${effect.id}`, result);
        return result;
      },
    };
  }

  hold(hold: MonitorHold): MonitorHold {
    return {
      lost: hold.lost,
      release: () => hold.release(),
      commit: async (commit) => {
        const outcome = await hold.commit(commit);
        if (outcome !== 'committed') return outcome;
        const { input: key, observation, state } = commit;
        const result = this.#answers.get(key);
        const command = this.#commands.get(key);
        if (observation !== null) this.inputs.push({ kind: 'observation', key, observation });
        else if (command !== undefined) this.inputs.push(command);
        else if (result !== undefined)
          this.inputs.push({ kind: 'effect', key, effect: key.slice(EFFECT_KEY.length), atMs: state.atMs, result });
        else throw new Error(`nobody saw where the input ${key} came from`);
        return outcome;
      },
    };
  }
}
