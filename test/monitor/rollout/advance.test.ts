import { expect, test } from 'vitest';
import type { CauseKind } from '../../../core/triggers.ts';
import type { Decision } from '../../../monitor/types.ts';
import { CANDIDATE, CHAMPION, evaluation, observation, policyWith, Told } from '../decide/make.ts';

const steps = [0.05, 0.25, 0.5, 1];

/** A rollout that has just begun its shadow, one look an hour. */
class Rolling extends Told {
  #hours = 0;

  constructor(more: Record<string, unknown> = {}) {
    super(policyWith(more));
    this.command({ kind: 'adopt', model: CHAMPION, trainedMs: 0 });
    this.sees(observation(++this.#hours));
    this.command({ kind: 'retrain' });
    this.answer({ kind: 'trained', model: CANDIDATE, lineage: {} as never });
    this.answer({ kind: 'evaluated', evaluation, gates: [] });
  }

  /** An hour of both models, with the models in force as champion and challenger. */
  hour(windows = 2000, cause: CauseKind = 'none', share?: number): Decision[] {
    const { champion, challenger } = this.state.serving;
    const lane = (modelId: string) => ({ modelId, windows, alerts: Math.round(windows / 1000), failed: 0 });
    const judged = windows > 0 && challenger !== null;
    const more = {
      modelId: champion!.modelId,
      champion: windows > 0 ? lane(champion!.modelId) : null,
      challenger: judged
        ? {
            ...lane(challenger.modelId),
            share: share ?? challenger.share,
            paired: windows,
            both: Math.round(windows / 1000),
            onlyChampion: 0,
            onlyChallenger: 0,
          }
        : null,
    };
    return this.sees(observation(++this.#hours, {}, cause, more));
  }

  hours(n: number, windows?: number, cause?: CauseKind): void {
    for (let i = 0; i < n; i++) this.hour(windows, cause);
  }
}

test('a good candidate serves more and more entities, none of which moves back, and then all', () => {
  const rolling = new Rolling();
  const shares: number[] = [];
  for (let h = 0; h < 19; h++) {
    rolling.hour();
    shares.push(rolling.state.serving.challenger!.share);
  }
  expect([...new Set(shares)]).toEqual([0, ...steps]);
  rolling.hour();
  expect(rolling.state.serving).toMatchObject({ champion: CANDIDATE, challenger: { ...CHAMPION, share: 0 } });
  expect(rolling.state).toMatchObject({ lastGood: CHAMPION, championQuality: evaluation.candidateQuality });
  expect(rolling.actions.slice(2)).toEqual([
    'start_shadow',
    'start_canary',
    'canary_step',
    'canary_step',
    'canary_step',
    'promote',
  ]);
});

test('each stage lasts its event time, and one grain at least', () => {
  const rolling = new Rolling();
  rolling.hours(3);
  expect(rolling.state.rollout.phase).toBe('shadow');
  rolling.hour();
  expect(rolling.state.rollout.phase).toBe('canary');
  const hasty = new Rolling({ shadow: '0s', step: '0s', steps: [1] });
  expect(hasty.state.rollout.phase).toBe('shadow');
  hasty.hour();
  expect(hasty.state.rollout.phase).toBe('canary');
});

test('after the watch the former model leaves the shadow, and stays the one to go back to', () => {
  const rolling = new Rolling({ shadow: '1h', step: '1h', watch: '2h' });
  rolling.hours(8);
  expect(rolling.state).toMatchObject({
    rollout: { phase: 'idle' },
    serving: { champion: CANDIDATE, challenger: null },
    lastGood: CHAMPION,
  });
});

test.each(['unit_change', 'schema_change', 'missing_data', 'late_data'] as const)(
  'while the cause is %s the time of a stage stands still, told once',
  (cause) => {
    const rolling = new Rolling();
    rolling.hours(3);
    rolling.hours(24 * 30, 2000, cause);
    expect(rolling.state.rollout.phase).toBe('shadow');
    expect(rolling.actions.filter((action) => action === 'hold held')).toHaveLength(1);
    expect(rolling.actions).not.toContain('withdraw');
    rolling.hour();
    expect(rolling.state.rollout.phase).toBe('canary');
  },
);

test('too few windows are inconclusive: it waits, says how many it needs, and is given up in the end', () => {
  const rolling = new Rolling({ inconclusive: '2d' });
  rolling.hours(30, 10);
  expect(rolling.state.rollout.phase).toBe('shadow');
  expect(rolling.actions.filter((action) => action === 'hold held')).toHaveLength(1);
  expect(rolling.decisions.at(-1)!.reason).toMatch(/^Inconclusive: this step needs \d+ windows/);
  rolling.hours(20, 10);
  expect(rolling.actions.at(-1)).toBe('withdraw');
  expect(rolling.state.serving).toMatchObject({ champion: CHAMPION, challenger: null });
});

test('without any data a stage is inconclusive, never well, and is given up in the end', () => {
  const rolling = new Rolling({ inconclusive: '2d' });
  rolling.hours(40, 0);
  expect(rolling.state.rollout.phase).toBe('shadow');
  const held = rolling.decisions.filter(({ action, result }) => action === 'hold' && result === 'held');
  expect(held.map(({ reason }) => reason)).toEqual(['Inconclusive: no window was judged by both models.']);
  rolling.hours(10, 0);
  expect(rolling.actions.at(-1)).toBe('withdraw');
});

test('a step counts from when its share is in force', () => {
  const rolling = new Rolling();
  rolling.hours(4);
  for (let h = 0; h < 6; h++) rolling.hour(2000, 'none', 0);
  expect(rolling.state.rollout).toMatchObject({ phase: 'canary', share: steps[0], grains: 0 });
  rolling.hours(3);
  expect(rolling.state.rollout).toMatchObject({ phase: 'canary', share: steps[0], grains: 3 });
  rolling.hour();
  expect(rolling.state.rollout).toMatchObject({ phase: 'canary', share: steps[1] });
});

test('while the controller is suspended a stage stands still: it is neither given up for it nor done sooner', () => {
  const rolling = new Rolling({ inconclusive: '2d', watch: '1d' });
  rolling.hours(2);
  rolling.command({ kind: 'suspend' });
  rolling.hours(72);
  expect(rolling.state.rollout).toMatchObject({ phase: 'shadow', grains: 2 });
  rolling.command({ kind: 'resume' });
  rolling.hours(1, 0);
  expect(rolling.actions).not.toContain('withdraw');
  rolling.hours(18);
  expect(rolling.state.rollout.phase).toBe('watching');
  rolling.command({ kind: 'suspend' });
  rolling.hours(72);
  rolling.command({ kind: 'resume' });
  rolling.hours(12);
  expect(rolling.state.rollout.phase).toBe('watching');
  rolling.hours(12);
  expect(rolling.actions.at(-1)).toBe('keep_champion');
});
