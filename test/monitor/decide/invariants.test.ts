import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FIGURE_NAMES } from '../../../core/figures.ts';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { CAUSES } from '../../../core/triggers.ts';
import type { EffectResult, Lineage } from '../../../monitor/types.ts';
import { CANDIDATE, CHAMPION, evaluation, figure, HOUR_MS, observation, policyWith, Told } from './make.ts';

const DAY_MS = 24 * HOUR_MS;
const lineage = {} as Lineage;
const other = { modelId: 'other', sha256: 'e' };

const seen = fc.record({
  what: fc.constant('sees' as const),
  hours: fc.integer({ min: 1, max: 60 }),
  figures: fc.dictionary(
    fc.constantFrom(...FIGURE_NAMES),
    fc.option(fc.double({ min: 0, max: 1e11, noNaN: true }), { freq: 5 }).map((value) => figure(value, { limit: 1 })),
    { maxKeys: 6 },
  ),
  cause: fc.constantFrom(...CAUSES),
});
const commanded = fc.record({
  what: fc.constant('command' as const),
  command: fc.constantFrom(
    { kind: 'promote', model: other } as const,
    { kind: 'revert' } as const,
    { kind: 'retrain' } as const,
    { kind: 'recalibrate' } as const,
    { kind: 'approve', model: CANDIDATE } as const,
    { kind: 'reject', model: CANDIDATE } as const,
    { kind: 'suspend' } as const,
    { kind: 'resume' } as const,
    { kind: 'mode', mode: 'fallback' } as const,
    { kind: 'mode', mode: 'forest' } as const,
  ),
});
const alerted = fc.record({
  what: fc.constant('alert' as const),
  trigger: fc.constantFrom(...TRIGGERS.map((t) => t.name)),
});
const answered = fc.record({
  what: fc.constant('answer' as const),
  result: fc.constantFrom<EffectResult>(
    { kind: 'trained', model: CANDIDATE, lineage },
    { kind: 'evaluated', evaluation, gates: [] },
    { kind: 'evaluated', evaluation, gates: [{ gate: 'size', passed: false, detail: '' }] },
    {
      kind: 'recalibrated',
      calibration: { modelId: CHAMPION.modelId, version: 9, alertRate: 0.001, combined: null, dismissals: [] },
    },
    { kind: 'failed', code: 'internal', detail: '' },
  ),
});
const stories = fc.array(fc.oneof({ weight: 6, arbitrary: seen }, commanded, alerted, answered), { maxLength: 80 });
const policies = fc.constantFrom(
  policyWith(),
  policyWith({ retrainsPerMonth: 0 }),
  policyWith({ approval: true }),
  policyWith({ dryRun: true }),
  policyWith({ dryRun: true, retrainsPerMonth: 0, recalibrationsPerDay: 5 }),
  policyWith({ retrainsPerMonth: 100, rollbacksPerDay: 1, recalibrationsPerDay: 2 }),
);

test('whatever it is told, in whatever order, it keeps its word', () => {
  fc.assert(
    fc.property(policies, stories, (policy, story) => {
      const told = Told.withChampion(policy);
      let hours = 0;
      for (const one of story) {
        const before = told.state;
        if (one.what === 'sees') hours += one.hours;
        const made =
          one.what === 'sees'
            ? told.sees(observation(hours, one.figures, one.cause))
            : one.what === 'command'
              ? told.command(one.command)
              : one.what === 'alert'
                ? told.alert(one.trigger)
                : before.effects.length > 0
                  ? told.answer(one.result)
                  : [];
        const { state } = told;

        // what serves is revised exactly when it changes
        const changed =
          JSON.stringify({ ...state.serving, revision: 0 }) !== JSON.stringify({ ...before.serving, revision: 0 });
        if (changed) expect(state.serving.revision).toBe(before.serving.revision + 1);
        // a producer's or the data's fault is never answered with another model
        for (const { actor, action, result, cause } of made) {
          if (actor !== 'controller' || result !== 'done') continue;
          if (cause === 'unit_change' || cause === 'schema_change' || cause === 'missing_data')
            expect(['retrain', 'roll_back', 'recalibrate', 'disable_forest']).not.toContain(action);
        }
        // what is not known sets nothing off
        if (one.what === 'sees')
          for (const { trigger, action } of made) {
            const rule = policy.triggers.find(({ name }) => name === trigger);
            if (rule === undefined || action === 'resume' || rule.name === 'champion_worse') continue;
            expect(one.figures[rule.figure]?.value ?? null).not.toBeNull();
          }
        // one rollout at a time, and nobody is served by a candidate that is not in it
        const { challenger } = state.serving;
        if (challenger !== null) expect(['shadow', 'canary', 'watching']).toContain(state.rollout.phase);
        expect(state.effects.filter(({ kind }) => kind === 'train' || kind === 'evaluate').length).toBeLessThanOrEqual(
          1,
        );
        if (policy.config.dryRun && one.what === 'sees') expect(state.serving).toEqual(before.serving);
        if (before.suspended && one.what !== 'command' && one.what !== 'answer')
          expect(state.serving).toEqual(before.serving);
      }
      // numbered without gaps
      expect(told.decisions.map(({ id }) => id)).toEqual(told.decisions.map((_, i) => `shop-${i + 1}`));
      // an episode is acted upon at most once
      const acted = told.decisions.filter((d) => d.trigger !== null && d.episode !== null && d.result !== 'held');
      expect(new Set(acted.map((d) => `${d.trigger} ${d.episode}`)).size).toBe(acted.length);
      // the controller's own budgets
      const budgets = [
        ['retrain', 30 * DAY_MS, policy.config.retrainsPerMonth],
        ['recalibrate', DAY_MS, policy.config.recalibrationsPerDay],
        ['roll_back', DAY_MS, policy.config.rollbacksPerDay],
      ] as const;
      const own = told.decisions.filter(({ actor, result }) => actor === 'controller' && result === 'done');
      for (const [action, withinMs, most] of budgets)
        for (const { atMs } of own.filter((one) => one.action === action)) {
          const within = own.filter((d) => d.action === action && d.atMs <= atMs && d.atMs > atMs - withinMs);
          expect(within.length).toBeLessThanOrEqual(most);
        }
    }),
    { numRuns: 300 },
  );
});

test('a state is never changed in place, so that what was decided can be decided again', () => {
  fc.assert(
    fc.property(stories, (story) => {
      const told = Told.withChampion();
      let hours = 0;
      for (const one of story) {
        if (one.what !== 'sees') continue;
        hours += one.hours;
        const before = JSON.stringify(told.state);
        const state = told.state;
        const first = told.sees(observation(hours, one.figures, one.cause));
        expect(JSON.stringify(state)).toBe(before);
        const again = new Told(told.policy);
        again.state = state;
        expect(again.sees(observation(hours, one.figures, one.cause))).toEqual(first);
      }
    }),
    { numRuns: 50 },
  );
});
