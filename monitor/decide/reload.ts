import { parse } from 'yaml';
import { parseConfig } from '../../core/config/parse.ts';
import { describe, fail, type Result } from '../../core/errors.ts';
import { policyOf } from './policy.ts';
import type { Policy } from './types.ts';

/** A policy and, while what was read last is not valid, why the one before goes on. */
export interface Reloaded {
  policy: Policy;
  /** For log, metric and console; null when the newest text is in force. */
  problem: string | null;
}

export interface PolicySource {
  /** The stream whose policy it is. */
  stream: string;
  /** What messages call the text. */
  file?: string;
  env?: Readonly<Record<string, string | undefined>>;
}

/** The policy in force after a file was read again: the last good one stays when the new text is not valid, and says so. */
export function nextPolicy(current: Policy, text: string, source: PolicySource): Reloaded {
  const next = policyFromText(text, source);
  if (next.ok) return { policy: next.value, problem: null };
  const file = source.file ?? 'tidewatch.yaml';
  return { policy: current, problem: `${file} is not taken, the last good policy stays: ${describe(next.fault)}` };
}

/**
 * The policy of a stream of a whole configuration, or of a text that is the policy section alone. Faults: config_invalid,
 * with key and reason; a whole configuration that does not list the stream is one of all defaults for it.
 */
export function policyFromText(text: string, { stream, file = 'tidewatch.yaml', env }: PolicySource): Result<Policy> {
  const whole = parseConfig({ text, file, ...(env === undefined ? {} : { env }) });
  if (whole.ok) {
    const found = whole.value.config.streams.find(({ name }) => name === stream);
    return found === undefined
      ? fail('config_invalid', `${file}: no stream is called ${stream}`)
      : policyOf(found.policy);
  }
  const section = sectionOf(text);
  if (section === null) return whole;
  const wrapped = parseConfig({ object: { streams: [{ name: stream, policy: section }] }, file });
  if (!wrapped.ok) return fail(wrapped.fault.code, wrapped.fault.detail.replaceAll('streams[0].policy.', ''));
  return policyOf(wrapped.value.config.streams.find(({ name }) => name === stream)!.policy);
}

/** Keys that a whole configuration has and a policy has not. */
const WHOLE = ['streams', 'http', 'database', 'kafka', 'notify', 'sources', 'alerts'];

/** The text as a policy section, or null where it is a whole configuration or no section at all. */
function sectionOf(text: string): Record<string, unknown> | null {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  return WHOLE.some((key) => Object.hasOwn(value, key)) ? null : (value as Record<string, unknown>);
}
