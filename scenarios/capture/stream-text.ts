import { formatDuration } from '../../core/config/duration.ts';
import { policyText, profileText } from '../../core/config/policy.ts';
import type { StreamConfig } from '../../core/config/stream.ts';

/**
 * The configuration of a stream as the header of a recording has it: in the form in which it is written, with every
 * default spelt out, so that a later version with other defaults replays it alike.
 */
export function streamText(config: StreamConfig): string {
  const { sizeMs, hopMs, allowedLatenessMs, maxSkewMs } = config.window;
  const window = {
    size: formatDuration(sizeMs),
    hop: formatDuration(hopMs),
    allowedLateness: formatDuration(allowedLatenessMs),
    maxSkew: formatDuration(maxSkewMs),
  };
  const { profile, policy } = config;
  return JSON.stringify({ ...config, window, profile: profileText(profile), policy: policyText(policy) });
}
