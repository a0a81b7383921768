import { parseConfig } from '../../core/config/parse.ts';
import { orThrow } from '../../core/errors.ts';
import { TRIGGERS } from '../../core/trigger-table.ts';
import { type BuildOptions, type Filling, optionsOf } from '../../dashboards/index.ts';

/** As a configuration with these streams has it, and nothing else. */
export function makeOptions(streams: readonly string[] = ['hosts', 'shops']): BuildOptions {
  const sources = { host: { enabled: false }, demo: { enabled: false }, http: { enabled: false } };
  const object = { sources, streams: streams.map((name) => ({ name })) };
  return optionsOf(orThrow(parseConfig({ object })).config, () => TRIGGERS);
}

/** Six hours, as Grafana would ask on a wide screen. */
export const makeFilling = (toMs: number, variables: Filling['variables'] = {}): Filling => ({
  fromMs: toMs - 6 * 3_600_000,
  toMs,
  stepSeconds: 15,
  scrapeSeconds: 15,
  variables: {
    stream: 'hosts',
    entity: 'web-1',
    feature: 'cpu__mean__10000',
    ...variables,
  },
});
