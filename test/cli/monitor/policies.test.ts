import { expect, test } from 'vitest';
import { PrometheusMetrics } from '../../../cli/metrics/registry.ts';
import { Policies, policiesOf } from '../../../cli/monitor/policies.ts';
import { ManualClock } from '../../../core/clock.ts';
import { parseConfig } from '../../../core/config/parse.ts';
import { orThrow } from '../../../core/errors.ts';
import { listener } from '../worker/hand.ts';

const TEXT = 'streams: [{ name: shop, policy: { retrainsPerMonth: 1 } }, { name: till }]\n';
const streams = orThrow(parseConfig({ text: TEXT })).config.streams.filter(({ name }) => name !== 'host');

function site() {
  const files = { text: TEXT, missing: false };
  const told = listener();
  const metrics = new PrometheusMetrics({ kind: 'monitor', version: '1', process: false });
  const read = () => {
    if (files.missing) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
    return files.text;
  };
  const about = { streams, file: 'tidewatch.yaml', env: {}, clock: new ManualClock(), logger: told.logger };
  const policies = new Policies({ ...about, metrics, read });
  const good = async () => (await metrics.text()).includes('\ntidewatch_config_last_reload_successful 1');
  return { policies, files, told, good };
}

test('a policy that was changed in the file is in force at the next look, and no other is touched', async () => {
  const { policies, files, told, good } = site();
  const till = policies.of('till');
  policies.look();
  expect(told.said('its policy was read again')).toBe(0);
  files.text = TEXT.replace('retrainsPerMonth: 1', 'retrainsPerMonth: 3');
  policies.look();
  expect([policies.of('shop').config.retrainsPerMonth, told.said('its policy was read again')]).toEqual([3, 1]);
  expect(policies.of('till')).toBe(till);
  expect([await good(), policies.problems]).toEqual([true, []]);
});

test('of a text that is not valid the last good policy stays, and it is said once with key and reason', async () => {
  const { policies, files, told, good } = site();
  const before = policies.of('shop');
  files.text = TEXT.replace('retrainsPerMonth: 1', 'retrainsPerMonth: -1');
  for (let look = 0; look < 3; look++) policies.look();
  expect([policies.of('shop'), await good(), told.said('the policy was not read again')]).toEqual([before, false, 1]);
  expect(policies.problems.join()).toContain('retrainsPerMonth');
  files.text = TEXT;
  policies.look();
  expect([await good(), policies.problems]).toEqual([true, []]);
});

test('a file that cannot be read for a moment changes nothing', async () => {
  const { policies, files, good } = site();
  files.missing = true;
  policies.look();
  expect([policies.of('shop').config.retrainsPerMonth, await good()]).toEqual([1, false]);
  files.missing = false;
  policies.look();
  expect(await good()).toBe(true);
});

test('a trigger that cannot be is refused at the start, with stream, key and reason', () => {
  const text = 'streams: [{ name: shop, policy: { triggers: { psi_warn: { figure: phase_of_moon } } } }]';
  const bad = orThrow(parseConfig({ text })).config.streams;
  expect(() => policiesOf(bad)).toThrow(/streams shop: policy\.triggers\.psi_warn\.figure/);
});
