import { expect } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import { Controller } from '../../../monitor/controller/controller.ts';
import { MemoryMonitorStore } from '../../../monitor/memory/monitor-store.ts';
import { MonitorTables } from '../../../monitor/memory/tables.ts';
import type {
  Command,
  DecisionAction,
  Effect,
  EffectResult,
  Input,
  Lineage,
  ModelRef,
} from '../../../monitor/types.ts';
import { evaluation, figure, HOUR_MS, observation, policyWith, START_MS } from '../decide/make.ts';

class Killed extends Error {}
const policy = policyWith({
  approval: true,
  shadow: '1h',
  step: '1h',
  steps: [0.5, 1],
  watch: '2h',
  alertRatioBand: [0, 100],
});
const at = (hours: number) => START_MS + hours * HOUR_MS;
const bytes = (text: string) => new TextEncoder().encode(text);
const lineage = { dataHash: 'x' } as Lineage;
/** Trainings that turn out otherwise, by the hour that they were ordered at. */
const FAILS_AT = 40;
const REFUSED_AT = 44;

type Told = 'sees' | 'sees a broken producer' | 'sees a champion that fails' | 'approve' | 'reject' | Command;
/** One for each hour: everything that a controller can be told to decide. */
const STORY: ReadonlyMap<number, Told[]> = new Map<number, Told[]>([
  [2, [{ kind: 'retrain' }, 'approve']],
  [20, [{ kind: 'recalibrate' }, { kind: 'mode', mode: 'fallback' }, { kind: 'mode', mode: 'forest' }]],
  [21, [{ kind: 'mode', mode: 'disabled' }, { kind: 'mode', mode: 'forest' }, { kind: 'suspend' }, { kind: 'resume' }]],
  [
    22,
    [
      {
        kind: 'dismiss',
        dismissals: [{ entity: 'a', metric: 'cpu', direction: 'high', decades: 2 }],
        incident: 'inc-1',
      },
    ],
  ],
  [23, [{ kind: 'revert' }]],
  [24, ['sees a broken producer']],
  [36, [{ kind: 'retrain' }, 'reject']],
  [FAILS_AT, [{ kind: 'retrain' }]],
  [REFUSED_AT, [{ kind: 'retrain' }]],
  [46, [{ kind: 'retrain' }, 'approve']],
  [51, ['sees a champion that fails']],
]);
const HOURS = 53;

/**
 * A stream whose operator and telemetry lead a controller through everything that it can decide; its process may die once,
 * at any of its calls.
 */
export class Site {
  readonly tables = new MonitorTables();
  readonly clock = new ManualClock();
  readonly store = new MemoryMonitorStore(this.tables, this.clock);
  /** Calls of the controller's, in order, with what they decided. */
  readonly calls: { call: string; actions: DecisionAction[] }[] = [];
  /** Number of the call to die at, counted over all lives, and on which side of it. */
  readonly #deathAt: number;
  readonly #side: 'before' | 'after';
  /** A planted fault: what was ordered is forgotten with the process. */
  readonly #forgets: boolean;
  deaths = 0;

  constructor(deathAt = -1, side: 'before' | 'after' = 'before', forgets = false) {
    this.#deathAt = deathAt;
    this.#side = side;
    this.#forgets = forgets;
  }

  model(id: string): ModelRef {
    return this.tables.addModel({ id, stream: 'shop', artifact: bytes(id), lineage, createdMs: 0 });
  }

  async controller(): Promise<Controller> {
    const life = { over: false };
    const hold = (await this.store.hold('test'))!;
    return new Controller({
      store: this.store,
      hold: {
        ...hold,
        commit: (commit) => this.#call(life, `commit ${commit.input}`, () => hold.commit(commit)),
      },
      effects: { run: (effect) => this.#call(life, `effect ${effect.kind}`, async () => this.#answer(effect)) },
      clock: this.clock,
      policy: () => policy,
      messages: (decisions) =>
        decisions.map(({ id }) => ({ id: `${id}:desk`, receiver: 'desk', body: id, createdMs: 0 })),
    });
  }

  async #call<T>(life: { over: boolean }, call: string, work: () => Promise<T>): Promise<T> {
    if (life.over) throw new Killed();
    const number = this.calls.length;
    const entry = { call, actions: [] as DecisionAction[] };
    this.calls.push(entry);
    if (number === this.#deathAt && this.#side === 'before') this.#die(life);
    const known = this.tables.ledger.length;
    const result = await work();
    entry.actions = this.tables.ledger.slice(known).map(({ decision }) => decision.action);
    if (number === this.#deathAt && this.#side === 'after') this.#die(life);
    return result;
  }

  #die(life: { over: boolean }): never {
    life.over = true;
    this.deaths++;
    this.tables.loseHold();
    const state = this.tables.states.get('shop');
    if (this.#forgets && state) state.effects = [];
    throw new Killed();
  }

  #answer(effect: Effect): EffectResult {
    switch (effect.kind) {
      case 'train':
        if (effect.toMs === at(FAILS_AT)) return { kind: 'failed', code: 'sample_empty', detail: 'no windows' };
        return { kind: 'trained', model: this.model(`m-${effect.id}`), lineage };
      case 'evaluate': {
        const passed = effect.toMs !== at(REFUSED_AT);
        const { candidate, champion } = effect;
        return {
          kind: 'evaluated',
          evaluation: { ...evaluation, candidate, champion },
          gates: [{ gate: 'size', passed, detail: '' }],
        };
      }
      case 'recalibrate': {
        const { modelId, version } = effect;
        return {
          kind: 'recalibrated',
          calibration: { modelId, version, alertRate: 0.001, combined: null, dismissals: [] },
        };
      }
      case 'serve':
        return { kind: 'served' };
    }
  }

  /** What the stream looks like with the models in force, some of which may fail. */
  observed(hour: number, told: readonly Told[]): Input {
    const { champion, challenger } = this.tables.serving.get('shop')!;
    const lane = ({ modelId }: ModelRef, failed = 0) => ({ modelId, windows: 500, alerts: 1, failed });
    const failed = told.includes('sees a champion that fails') ? 400 : 0;
    const broken = hour >= 24 && hour < 27;
    const more = {
      modelId: champion?.modelId ?? '',
      champion: champion && lane(champion, failed),
      challenger: challenger && {
        ...lane(challenger),
        share: challenger.share,
        paired: 500,
        both: 0,
        onlyChampion: 1,
        onlyChallenger: 1,
      },
    };
    const seen = { drift: figure(0.3, { limit: 1 }), producer_change: broken ? 1 : 0 };
    return {
      kind: 'observation',
      key: `grain ${at(hour)}`,
      observation: observation(hour, seen, broken ? 'unit_change' : 'none', more),
    };
  }

  /** The inputs of an hour, each made when its turn comes. */
  inputs(hour: number): (() => Input | null)[] {
    const told = STORY.get(hour) ?? [];
    const command =
      (n: number, one: () => Command | null): (() => Input | null) =>
      () => {
        const made = one();
        return (
          made && {
            kind: 'command',
            key: `command ${hour}.${n}`,
            actor: 'operator:ann',
            atMs: at(hour),
            command: made,
            note: '',
          }
        );
      };
    const waits = (kind: 'approve' | 'reject') => (): Command => {
      const rollout = this.tables.states.get('shop')!.rollout;
      const candidate = 'candidate' in rollout ? rollout.candidate : { modelId: '', sha256: '' };
      return { kind, model: candidate };
    };
    return [
      () => (hour === 0 ? null : this.observed(hour, told)),
      ...told
        .filter((one) => typeof one !== 'string' || one === 'approve' || one === 'reject')
        .map((one, n) => command(n, typeof one === 'string' ? waits(one as 'approve' | 'reject') : () => one)),
    ];
  }

  /** Lives through the story, with a next controller whenever one died. */
  async live(): Promise<this> {
    const first = this.model('first');
    const adopt: Input = {
      kind: 'command',
      key: 'command adopt',
      actor: 'controller',
      atMs: START_MS,
      command: { kind: 'adopt', model: first, trainedMs: START_MS },
      note: '',
    };
    const inputs = [() => adopt, ...Array.from({ length: HOURS }, (_, hour) => this.inputs(hour)).flat()];
    // an input is made once, as it is elsewhere: from a file, a request, a look
    let input: Input | null = null;
    let made = -1;
    for (let lives = 1, n = 0; ; lives++) {
      expect(lives).toBeLessThan(4);
      const controller = await this.controller();
      try {
        await controller.resume('shop');
        await controller.settle();
        for (; n < inputs.length; n++) {
          if (made < n) input = inputs[n]!();
          made = n;
          if (input !== null) await controller.take('shop', input);
          await controller.settle();
          if (controller.fenced) throw new Killed();
        }
        await controller.close();
        return this;
      } catch (cause) {
        if (!(cause instanceof Killed) && !controller.fenced) throw cause;
      }
    }
  }

  get left() {
    const { ledger, states, serving, models, roles, outbox } = this.tables;
    return {
      decisions: ledger.map(({ decision }) => decision),
      state: states.get('shop'),
      serving: serving.get('shop'),
      models: [...models.keys()].sort(),
      roles: Object.fromEntries(roles.get('shop') ?? []),
      outbox: [...outbox.keys()],
    };
  }
}
