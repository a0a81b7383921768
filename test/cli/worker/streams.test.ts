import { expect, test } from 'vitest';
import { streamsByTopic } from '../../../cli/worker/streams.ts';
import { rootConfig } from '../../../core/config/root.ts';

const off = { enabled: false };
const sources = { host: off, demo: off, http: off };
const of = (config: object) => [...streamsByTopic(rootConfig.parse(config)).entries()].map(([t, s]) => [t, s.name]);

test('streams are found by their topics, those of sources inside a process have none', () => {
  expect(of({ sources, streams: [{ name: 'a', topic: 'x' }, { name: 'b' }] })).toEqual([
    ['x', 'a'],
    ['b', 'b'],
  ]);
  expect(of({})).toEqual([['telemetry', 'telemetry']]);
});

test('two streams of one topic are refused by their names, and none at all too', () => {
  const twice = { sources, streams: [{ name: 'a', topic: 'x' }, { name: 'x' }] };
  expect(() => of(twice)).toThrow(/streams a and x have the same topic x/);
  expect(() => of({ sources })).toThrow(/there is none to read; add one with its topic/);
});
