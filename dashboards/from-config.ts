import type { Config } from '../core/config/root.ts';
import type { Trigger } from '../core/triggers.ts';
import { type BuildOptions, COMPOSE_ADDRESSES } from './options.ts';

/** What is built for a configuration that runs as docker-compose.yml has it. triggersOf: those in force for a stream. */
export function optionsOf(
  { notify, streams }: Pick<Config, 'notify' | 'streams'>,
  triggersOf: (stream: string) => readonly Trigger[],
): BuildOptions {
  return {
    ...COMPOSE_ADDRESSES,
    consoleUrl: notify.consoleUrl.replace(/\/+$/, ''),
    streams: streams.map(({ name, policy, detector, window, profile }) => ({
      name,
      triggers: triggersOf(name),
      limits: policy.limits,
      alertRatioBand: policy.alertRatioBand,
      budgets: policy,
      alertRate: detector.alertRate,
      windowMs: window.sizeMs,
      latenessMs: window.allowedLatenessMs,
      grainMs: profile.grainMs,
      intervalMs: profile.intervalMs,
    })),
  };
}
