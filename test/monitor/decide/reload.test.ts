import { expect, test } from 'vitest';
import { nextPolicy, policyFromText } from '../../../monitor/decide/reload.ts';
import { policyWith } from './make.ts';

const source = { stream: 'shop', file: 'policy.yaml' };
const current = policyWith({ retrainsPerMonth: 3 });

test('a changed policy takes force', () => {
  const { policy, problem } = nextPolicy(current, 'retrainsPerMonth: 7\ntriggers:\n  drift: { for: 2h }\n', source);
  expect(problem).toBeNull();
  expect(policy.config.retrainsPerMonth).toBe(7);
  expect(policy.triggers.find(({ name }) => name === 'drift')?.forMs).toBe(7_200_000);
});

test('the policy of a stream is found in a whole configuration', () => {
  const text = 'streams:\n  - name: other\n  - name: shop\n    policy: { rollbacksPerDay: 5 }\n';
  expect(nextPolicy(current, text, source).policy.config.rollbacksPerDay).toBe(5);
});

test.each([
  ['retrainsPerMonth: many', /retrainsPerMonth: got "many", wanted a whole number/],
  ['retrainPerMonth: 1', /retrainPerMonth: there is no such key; did you mean retrainsPerMonth\?/],
  ['triggers: { drift: { action: retarin } }', /triggers\.drift\.action: .*retrain/],
  ['triggers: { mine: { figure: psi_scores, limit: 1, action: look } }', /triggers\.mine\.figure: .*psi_score\b/],
  ['streams: [{ name: shop, policy: { steps: [] } }]', /steps/],
  ['streams: [{ name: other }]', /no stream is called shop/],
  ['{ not yaml', /policy\.yaml:1/],
  ['- a\n- list', /policy\.yaml|the file/],
  ['a: &a [x]\nb: *c', /policy\.yaml/],
])('%j is not taken: the last good policy stays, and says why', (text, why) => {
  const { policy, problem } = nextPolicy(current, text, source);
  expect(policy).toBe(current);
  expect(problem).toMatch(why);
  expect(problem).toMatch(/^policy\.yaml is not taken, the last good policy stays: config_invalid/);
});

test('an empty file is all defaults', () => {
  const policy = policyFromText('', { stream: 'telemetry' });
  expect(policy.ok && policy.value).toEqual(policyWith());
});
