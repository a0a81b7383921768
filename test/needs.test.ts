import { expect, test } from 'vitest';
import { needs, PACK } from './needs.ts';
import { summarise } from './summary.ts';

needs('pack')('the labelled telemetry', () => {
  test('is found by its manifest', () => expect(PACK).not.toBeNull());
});

test('the reason in a title is the one that the summary tells', () => {
  const tests = [{ status: 'skipped', fullName: 'a [needs peers: none here] b' }];
  const { reasons } = summarise({ testResults: [{ name: 'a', status: 'passed', assertionResults: tests }] }, [], false);
  expect([...reasons.keys()]).toEqual(['peers: none here']);
});
