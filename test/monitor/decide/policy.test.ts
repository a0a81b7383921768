import fc from 'fast-check';
import { expect, test } from 'vitest';
import { policyConfig } from '../../../core/config/policy.ts';
import { FIGURE_NAMES } from '../../../core/figures.ts';
import { TRIGGERS } from '../../../core/trigger-table.ts';
import { policyOf } from '../../../monitor/decide/policy.ts';
import { NO_SCORE, NO_SHIFT } from '../../../monitor/figures/shift.ts';
import { policyWith } from './make.ts';

const problemsOf = (triggers: Record<string, unknown>): string => {
  const made = policyOf(policyConfig.parse({ triggers }));
  return made.ok ? '' : made.fault.detail;
};
const MINE = { figure: 'newcomers', limit: 0.2, action: 'look' };

test('the shipped triggers alone are a valid policy, the most important first', () => {
  const { triggers } = policyWith();
  expect(triggers).toHaveLength(TRIGGERS.length);
  expect(triggers[0]!.name).toBe('producer_changed');
  expect(triggers.map(({ priority }) => priority)).toEqual(
    triggers.map(({ priority }) => priority).sort((a, b) => b - a),
  );
});

test('a shipped trigger is changed by name, and keeps what is not said', () => {
  const changed = policyWith({ triggers: { psi_drift: { limit: 0.3, for: '2h', cooldown: '1d', enabled: false } } });
  const shipped = TRIGGERS.find(({ name }) => name === 'psi_drift')!;
  expect(changed.triggers.find(({ name }) => name === 'psi_drift')).toEqual({
    ...shipped,
    limit: 0.3,
    forMs: 7_200_000,
    cooldownMs: 86_400_000,
    enabled: false,
  });
});

test('a trigger of your own has sensible defaults', () => {
  const mine = policyWith({ triggers: { newcomers: MINE } }).triggers.find(({ name }) => name === 'newcomers');
  expect(mine).toMatchObject({ ...MINE, comparison: '>', span: 'interval', urgency: 'ticket', enabled: true });
});

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    'an unknown figure',
    { mine: { ...MINE, figure: 'psi_scor' } },
    /^triggers\.mine\.figure: got "psi_scor", wanted one of .*; did you mean psi_score\?$/,
  ],
  ['an unknown action', { drift: { action: 'rollback' } }, /triggers\.drift\.action: .*did you mean roll_back\?/],
  [
    'an unknown cause',
    { drift: { causes: ['gradual_drfit'] } },
    /triggers\.drift\.causes\.0: .*did you mean gradual_drift\?/,
  ],
  ['an unknown span', { drift: { span: 'days' } }, /triggers\.drift\.span: .*did you mean day\?/],
  ['an unknown key', { drift: { limits: 1 } }, /triggers\.drift\.limits: there is no such key; did you mean limit\?/],
  ['a duration without a unit', { drift: { for: '12' } }, /triggers\.drift\.for: .*duration/],
  ['a number for a duration', { drift: { for: 12 } }, /triggers\.drift\.for/],
  ['no causes at all', { drift: { causes: [] } }, /triggers\.drift\.causes/],
  ['no figure', { mine: { limit: 1, action: 'look' } }, /triggers\.mine\.figure: is missing/],
  ['no limit', { mine: { figure: 'newcomers', action: 'look' } }, /triggers\.mine\.limit: is missing/],
  ['no action', { mine: { figure: 'newcomers', limit: 0.1 } }, /triggers\.mine\.action: is missing/],
  [
    'outside without a band',
    { mine: { ...MINE, comparison: 'outside' } },
    /triggers\.mine\.limit: outside needs the limit band/,
  ],
  [
    'a band of a figure that has none',
    { mine: { ...MINE, comparison: 'outside', limit: 'band' } },
    /newcomers has no band/,
  ],
  [
    'a band that is not left but exceeded',
    { calibration_out: { comparison: '>' } },
    /band needs the comparison outside/,
  ],
  [
    'a measured limit of a figure that has none',
    { mine: { figure: 'ece', limit: 'measured', action: 'look' } },
    /^triggers\.mine\.limit: ece has no measured limit; those that have one are psi_feature, /,
  ],
  [
    'a measured limit of a figure whose limit is fixed',
    { mine: { ...MINE, limit: 'measured' } },
    /^triggers\.mine\.limit: newcomers has no measured limit/,
  ],
  [
    'a measured limit that is to be fallen below',
    { mine: { figure: 'drift', comparison: '<', limit: 'measured', action: 'look' } },
    /^triggers\.mine\.comparison: a measured limit is the most that is usual/,
  ],
  [
    'a measured limit of a figure that has a band',
    { calibration_out: { comparison: '>', limit: 'measured' } },
    /^triggers\.calibration_out\.limit: alert_rate_ratio has no measured limit/,
  ],
  ['a share above 1', { mine: { ...MINE, limit: 1.5 } }, /newcomers lies between 0 and 1/],
  ['a limit that never holds', { mine: { ...MINE, limit: 1 } }, /newcomers is never above 1/],
  ['a negative limit, which always holds', { drift: { limit: -1 } }, /triggers\.drift\.limit: got -1/],
  ['a quality of 31 points', { data_quality_low: { limit: 31 } }, /data_quality lies between 0 and 30/],
  ['a limit that is no number', { drift: { limit: Number.NaN } }, /triggers\.drift\.limit/],
  ['an otherwise that is the action itself', { drift: { otherwise: 'retrain' } }, /triggers\.drift\.otherwise/],
  [
    'two triggers that contradict each other',
    { mine: { figure: 'drift', limit: 1, action: 'hold', priority: 68 } },
    /contradicts drift: both are about drift with priority 68, one wants retrain, the other hold/,
  ],
])('%s is refused, with the key and the reason', (_, triggers, why) => {
  expect(problemsOf(triggers)).toMatch(why);
});

test.each(FIGURE_NAMES)('a measured limit of %s is refused, or it is one that observations carry', (figure) => {
  const problem = problemsOf({ mine: { figure, limit: 'measured', action: 'look' } });
  const carried = figure in { ...NO_SHIFT, ...NO_SCORE };
  if (problem === '') expect(carried, figure).toBe(true);
  else expect(problem).toMatch(new RegExp(`^triggers\\.mine\\.limit: ${figure} has no measured limit`));
});

test('a trigger that is switched off contradicts nothing', () => {
  const mine = { figure: 'drift', limit: 1, action: 'hold', priority: 68 };
  expect(problemsOf({ mine, drift: { enabled: false } })).toBe('');
});

test('every problem is told at once', () => {
  const lines = problemsOf({ drift: { limit: -1 }, mine: { figure: 'nothing' }, psi_warn: { colour: 'red' } }).split(
    '\n',
  );
  expect(lines.length).toBeGreaterThanOrEqual(3);
});

test('whatever is said of a trigger is taken or refused, never thrown', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('drift', 'mine', 'psi_warn'), fc.dictionary(fc.string(), fc.jsonValue())),
      (triggers) => {
        const made = policyOf({ ...policyConfig.parse({}), triggers });
        if (!made.ok) expect(made.fault.detail).toMatch(/^triggers\./);
      },
    ),
  );
});
