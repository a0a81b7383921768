import { ManualClock } from '../../../core/clock.ts';
import { sha256Hex } from '../../../core/hash.ts';
import { Controller } from '../../../monitor/controller/controller.ts';
import type { EffectRunner } from '../../../monitor/controller/ports.ts';
import { MemoryMonitorStore } from '../../../monitor/memory/monitor-store.ts';
import { MonitorTables } from '../../../monitor/memory/tables.ts';
import type { Observation } from '../../../monitor/observation.ts';
import type { MonitorHold, MonitorStore } from '../../../monitor/store.ts';
import type { Effect, EffectResult, Lineage } from '../../../monitor/types.ts';
import { evaluation, figure, observation, policyWith } from '../decide/make.ts';

export class Killed extends Error {}

const artifactOf = (name: string) => new TextEncoder().encode(name);
const lineage = { dataHash: 'x' } as Lineage;

/** A stream from its first model to the end of a rollout, with a producer's fault and a recalibration on the way. */
export function story(): Observation[] {
  const hours = 24 * 8;
  const all: Observation[] = [];
  for (let h = 1; h <= hours; h++) {
    const drifts = h > 20 && h < 60;
    const broken = h > 100 && h < 110;
    const cause = drifts ? 'gradual_drift' : broken ? 'unit_change' : 'none';
    const seen = {
      drift: figure(drifts ? 3 : 0.3, { limit: 1 }),
      producer_change: broken ? 1 : 0,
      alert_rate_ratio: figure(h > 140 && h < 160 ? 30 : 1, { limit: [0.2, 5] }),
      errors: h === 180 ? 0.5 : 0,
    };
    all.push(observation(h, seen, cause));
  }
  return all;
}

/**
 * A world in memory: what a controller needs, and a place where it can be killed. The killer is asked before and after
 * each call to the store and to the effects.
 */
export class World {
  readonly tables = new MonitorTables();
  readonly clock = new ManualClock();
  readonly store: MonitorStore;
  readonly policy = policyWith({ shadow: '1h', step: '1h', watch: '3h', alertRatioBand: [0, 100] });
  /** Results of effects that ran to their end, by id: how often. */
  readonly ran = new Map<string, number>();
  readonly calls: string[] = [];
  killer: (call: string) => boolean = () => false;
  /** Whether the candidate turns out to fail once it is champion. */
  readonly bad: boolean;

  constructor(bad = false) {
    this.bad = bad;
    this.store = new MemoryMonitorStore(this.tables, this.clock);
  }

  /** The model that serves and the one in its shadow, as owners of partitions would have it in force by now. */
  inForce(one: Observation): Observation {
    const { champion, challenger } = this.tables.serving.get('shop') ?? { champion: null, challenger: null };
    const fails = (modelId: string) =>
      this.bad && challenger?.share === 0 && champion?.modelId === modelId && modelId !== 'first';
    const lane = (modelId: string) => ({ modelId, windows: 500, alerts: 1, failed: fails(modelId) ? 400 : 0 });
    const pairs = { share: challenger?.share ?? 0, paired: 500, both: 0, onlyChampion: 1, onlyChallenger: 1 };
    return {
      ...one,
      modelId: champion?.modelId ?? '',
      champion: champion === null ? null : lane(champion.modelId),
      challenger: challenger === null ? null : { ...lane(challenger.modelId), ...pairs },
    };
  }

  async controller(): Promise<Controller | null> {
    const hold = await this.store.hold('test');
    if (hold === null) return null;
    return new Controller({
      store: { state: (stream) => this.#guarded('state', () => this.store.state(stream)) },
      hold: this.#hold(hold),
      effects: this.#effects(),
      clock: this.clock,
      policy: () => this.policy,
      messages: () => [],
    });
  }

  #hold(hold: MonitorHold): MonitorHold {
    return {
      ...hold,
      commit: (commit) => this.#guarded(`commit ${commit.input.split(' ')[0]}`, () => hold.commit(commit)),
    };
  }

  #effects(): EffectRunner {
    return { run: (effect) => this.#guarded(effect.kind, async () => this.#answer(effect)) };
  }

  #answer(effect: Effect): EffectResult {
    this.ran.set(effect.id, (this.ran.get(effect.id) ?? 0) + 1);
    switch (effect.kind) {
      case 'train': {
        const artifact = artifactOf(effect.id);
        const id = sha256Hex(artifact).slice(0, 16);
        return {
          kind: 'trained',
          model: this.tables.addModel({ id, stream: 'shop', artifact, lineage, createdMs: 0 }),
          lineage,
        };
      }
      case 'evaluate':
        return {
          kind: 'evaluated',
          evaluation: { ...evaluation, candidate: effect.candidate, champion: effect.champion },
          gates: [],
        };
      case 'recalibrate':
        return {
          kind: 'recalibrated',
          calibration: {
            modelId: effect.modelId,
            version: effect.version,
            alertRate: 0.001,
            combined: null,
            dismissals: [],
          },
        };
      case 'serve':
        return { kind: 'served' };
    }
  }

  async #guarded<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    if (this.killer(`before ${call}`)) this.#die();
    const result = await work();
    if (this.killer(`after ${call}`)) this.#die();
    return result;
  }

  #die(): never {
    this.tables.loseHold();
    throw new Killed();
  }

  /** The first model, as a stream that trained by itself would have it. */
  champion() {
    return this.tables.addModel({ id: 'first', stream: 'shop', artifact: artifactOf('first'), lineage, createdMs: 0 });
  }
}
