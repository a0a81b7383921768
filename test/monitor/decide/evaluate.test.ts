import fc from 'fast-check';
import { expect, test } from 'vitest';
import { conditionOf, followed, isDue, restingState } from '../../../monitor/decide/evaluate.ts';
import type { Policy } from '../../../monitor/decide/types.ts';
import type { Figure } from '../../../monitor/observation.ts';
import { figure, HOUR_MS, observation, policyWith } from './make.ts';

const measured = policyWith();
const textbook = policyWith({ limits: 'textbook' });
const named = (name: string, policy: Policy) => policy.triggers.find((trigger) => trigger.name === name)!;
const condition = (name: string, seen: number | null | Figure, policy = measured) => {
  const trigger = named(name, policy);
  return conditionOf(trigger, observation(1, { [trigger.figure]: seen }), policy);
};

test('a figure without a value, of unknown standing or not there at all is unknown', () => {
  expect(condition('psi_drift', null)).toBe('unknown');
  expect(condition('psi_drift', figure(9, { status: 'unknown' }))).toBe('unknown');
  expect(conditionOf(named('psi_drift', measured), observation(1), measured)).toBe('unknown');
});

test('at its limit a figure is still within', () => {
  expect(condition('drift', figure(1, { limit: 1 }))).toBe('not');
  expect(condition('drift', figure(1.001, { limit: 1 }))).toBe('holds');
  expect(condition('data_quality_low', 18)).toBe('not');
  expect(condition('data_quality_low', 17.9)).toBe('holds');
});

test('a measured limit widens the textbook one, and never narrows it', () => {
  const shifted = figure(0.3, { limit: 0.4 });
  expect(condition('psi_drift', shifted)).toBe('not');
  expect(condition('psi_drift', shifted, textbook)).toBe('holds');
  expect(condition('psi_drift', figure(0.2, { limit: 0.05 }))).toBe('not');
});

test('a warning comes at the same part of the measured limit as of the textbook one', () => {
  expect(condition('psi_warn', figure(0.15, { limit: 0.5 }))).toBe('not');
  expect(condition('psi_warn', figure(0.21, { limit: 0.5 }))).toBe('holds');
  expect(condition('psi_warn', figure(0.15, { limit: 0.5 }), textbook)).toBe('holds');
});

test('a ratio is outside its band only when all of its interval is', () => {
  const band = [0.5, 2] as const;
  expect(condition('calibration_out', figure(3, { limit: band, interval: [0.6, 8] }))).toBe('not');
  expect(condition('calibration_out', figure(3, { limit: band, interval: [2.1, 4] }))).toBe('holds');
  expect(condition('calibration_out', figure(0.1, { limit: band, interval: [0, 0.4] }))).toBe('holds');
  expect(condition('calibration_out', figure(3, { limit: band }))).toBe('holds');
  // without a measured band that of the policy
  expect(condition('calibration_out', figure(4))).toBe('not');
  expect(condition('calibration_out', figure(6))).toBe('holds');
});

test('episodes rise by one with each beginning, and no data neither begins nor ends one', () => {
  const conditions = fc.array(fc.constantFrom('holds' as const, 'not' as const, 'unknown' as const));
  fc.assert(
    fc.property(conditions, (story) => {
      let state = restingState();
      let holds = false;
      let begun = 0;
      for (const [hour, one] of story.entries()) {
        if (one === 'holds' && !holds) begun++;
        if (one !== 'unknown') holds = one === 'holds';
        state = followed(state, one, hour * HOUR_MS);
        expect(state.episode).toBe(begun);
        expect(state.sinceMs !== null).toBe(holds);
      }
    }),
  );
});

test('a trigger is due once it has held for its time, was not acted upon, and does not rest', () => {
  const trigger = { ...named('drift', measured), forMs: 2 * HOUR_MS };
  const held = followed(restingState(), 'holds', HOUR_MS);
  expect(isDue(trigger, held, 3 * HOUR_MS - 1)).toBe(false);
  expect(isDue(trigger, held, 3 * HOUR_MS)).toBe(true);
  expect(isDue(trigger, { ...held, acted: 1 }, 9 * HOUR_MS)).toBe(false);
  expect(isDue(trigger, { ...held, restsUntilMs: 9 * HOUR_MS }, 8 * HOUR_MS)).toBe(false);
  expect(isDue(trigger, restingState(), 9 * HOUR_MS)).toBe(false);
});
