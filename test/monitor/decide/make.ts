import { policyConfig } from '../../../core/config/policy.ts';
import { orThrow } from '../../../core/errors.ts';
import type { FigureName } from '../../../core/figures.ts';
import type { CauseKind, Span } from '../../../core/triggers.ts';
import { policyOf } from '../../../monitor/decide/policy.ts';
import { firstState, step } from '../../../monitor/decide/step.ts';
import type { Policy } from '../../../monitor/decide/types.ts';
import type { Figure, Figures, Observation } from '../../../monitor/observation.ts';
import type { Command, Decision, Evaluation, Input, ModelRef, MonitorState } from '../../../monitor/types.ts';

export const HOUR_MS = 3_600_000;
export const START_MS = Date.UTC(2026, 0, 1);
export const CHAMPION: ModelRef = { modelId: 'champion', sha256: 'c' };
export const CANDIDATE: ModelRef = { modelId: 'candidate', sha256: 'd' };

export const policyWith = (more: Record<string, unknown> = {}): Policy => orThrow(policyOf(policyConfig.parse(more)));

export const figure = (value: number | null, more: Partial<Figure> = {}): Figure => ({
  value,
  status: value === null ? 'unknown' : 'ok',
  limit: null,
  ...more,
});

type Seen = Partial<Record<FigureName, number | null | Figure>>;

/** What a quiet stream looks like; figures are given for every span alike. */
export function observation(
  hours: number,
  seen: Seen = {},
  cause: CauseKind = 'none',
  more: Partial<Observation> = {},
): Observation {
  const figures: Figures = Object.fromEntries(
    Object.entries(seen).map(([name, f]) => [
      name,
      typeof f === 'object' && f !== null ? f : figure(f as number | null),
    ]),
  );
  const spans = Object.fromEntries(['grain', 'interval', 'day', 'week'].map((s) => [s, figures])) as Record<
    Span,
    Figures
  >;
  const quality = { score: 30, dimensions: {} as never, faults: [], trainable: true };
  return {
    stream: 'shop',
    atMs: START_MS + hours * HOUR_MS,
    grainMs: HOUR_MS,
    intervalMs: 6 * HOUR_MS,
    modelId: CHAMPION.modelId,
    alertRate: 0.001,
    spans,
    features: [],
    quality,
    cause: { kind: cause, summary: '', evidence: {}, features: [] },
    champion: { modelId: CHAMPION.modelId, windows: 100, alerts: 0, failed: 0 },
    challenger: null,
    windows: 100,
    entities: 10,
    alertRun: null,
    ...more,
  };
}

export const evaluation: Evaluation = {
  candidate: CANDIDATE,
  champion: CHAMPION,
  basis: 'injected',
  windows: 1000,
  positives: 100,
  candidateQuality: 0.8,
  championQuality: 0.8,
  difference: [-0.02, 0.02],
  robustZ: 0.3,
  random: 0.05,
  candidateAlertRatio: 1,
  championAlertRatio: 1,
  artifactBytes: 1000,
  memoryBytes: 1000,
  p99Ms: 1,
  worseSegments: [],
  golden: null,
};

/** A monitor of one stream, told one thing after the other. */
export class Told {
  state: MonitorState = firstState('shop');
  readonly decisions: Decision[] = [];
  policy: Policy;
  #inputs = 0;

  constructor(policy = policyWith()) {
    this.policy = policy;
  }

  static withChampion(policy = policyWith()): Told {
    const told = new Told(policy);
    told.command({ kind: 'adopt', model: CHAMPION, trainedMs: START_MS });
    return told;
  }

  take(input: Input): Decision[] {
    const { state, decisions } = step(this.policy, this.state, input);
    this.state = state;
    this.decisions.push(...decisions);
    return decisions;
  }

  sees(seen: Observation): Decision[] {
    return this.take({ kind: 'observation', key: `o${++this.#inputs}`, observation: seen });
  }

  command(command: Command, note = ''): Decision[] {
    const key = `c${++this.#inputs}`;
    const atMs = Math.max(this.state.atMs, START_MS);
    return this.take({ kind: 'command', key, actor: 'operator:ann', atMs, command, note });
  }

  alert(trigger: string, firing = true): Decision[] {
    return this.take({ kind: 'alert', key: `a${++this.#inputs}`, trigger, atMs: this.state.atMs, firing });
  }

  /** Answers the one effect that waits. */
  answer(result: Extract<Input, { kind: 'effect' }>['result']): Decision[] {
    const [effect] = this.state.effects;
    if (effect === undefined) throw new Error('nothing was ordered');
    return this.take({ kind: 'effect', key: effect.id, effect: effect.id, atMs: this.state.atMs, result });
  }

  get actions(): string[] {
    return this.decisions.map(({ action, result }) => (result === 'done' ? action : `${action} ${result}`));
  }
}

export const DRIFTED = { drift: figure(3, { status: 'drift', limit: 1 }) };

/** The same for as many hours as a trigger of drift waits. */
export function drifts(told: Told, from = 1, hours = 13, cause: CauseKind = 'gradual_drift'): void {
  for (let h = from; h < from + hours; h++) told.sees(observation(h, DRIFTED, cause));
}
