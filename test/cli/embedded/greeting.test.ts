import { expect, test } from 'vitest';
import { greeting } from '../../../cli/embedded/greeting.ts';
import { colours } from '../../../cli/ui/colours.ts';
import { parseConfig } from '../../../core/config/parse.ts';
import { orThrow } from '../../../core/errors.ts';
import type { StreamStatus } from '../../../monitor/ports.ts';

const URL = 'http://127.0.0.1:8484';
const plain = colours({ isTTY: false });
const learning = (stream: string, windows: number): StreamStatus => ({
  stream,
  mode: 'forest',
  source: 'fallback',
  modelId: null,
  training: { windows, needed: 720 },
  lagRecords: 0,
  ready: true,
});
const said = (object: object, streams: StreamStatus[] = []): string =>
  greeting(orThrow(parseConfig({ object })).config, URL, streams, '1.2.3', plain).join('\n');

test('the greeting says where it listens, what it watches, where it keeps it and what to try', () => {
  const text = said({});
  expect(text).toContain(`Tidewatch 1.2.3 listens on ${URL}`);
  expect(text).toContain('this machine (host), a demo fleet of twelve services (demo), what you send (telemetry)');
  expect(text).toContain('.tidewatch/tidewatch.log');
  expect(text).toContain('npx tidewatch inject latency_step');
  expect(text).toContain(`printf 'cpu,host=a value=1\\n' | curl -i --data-binary @- ${URL}/api/v2/write`);
});

test('what is switched off is not offered', () => {
  const text = said({ sources: { demo: { enabled: false }, http: { enabled: false } }, streams: [{ name: 'web' }] });
  expect(text).toMatch(/watches +this machine \(host\), web$/m);
  expect(text).not.toMatch(/inject|curl/);
});

test('streams without a model say after how much data they train one', () => {
  expect(said({}, [learning('host', 0), learning('telemetry', 714)])).toContain(
    'host after 2h, telemetry after 1m of data; until then the fallback judges',
  );
  expect(said({}, [{ ...learning('host', 0), modelId: 'a', training: null }])).not.toContain('learns');
});

test('off loopback it says that a token is wanted, and never the token', () => {
  const text = said({ http: { host: '0.0.0.0', token: 'a-secret-of-some-length' } });
  expect(text).toContain('a token is wanted');
  expect(text).toContain("-H 'Authorization: Bearer TOKEN'");
  expect(text).not.toContain('a-secret');
});
