import { readFile } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { parseConfig } from '../core/config/parse.ts';
import { orThrow, TidewatchError } from '../core/errors.ts';
import { policyOf } from '../monitor/decide/policy.ts';
import type { Policy } from '../monitor/decide/types.ts';

const MAX_BYTES = 1_000_000;

/** A file of the keys of streams[].policy, YAML or JSON. Throws config_invalid, naming each key, or file_missing. */
export async function readPolicy(file: string): Promise<Policy> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TidewatchError('file_missing', `${file}: ${cause.code ?? cause.message}`, { cause });
  });
  if (text.length > MAX_BYTES) throw new TidewatchError('config_invalid', `${file}: larger than ${MAX_BYTES} bytes`);
  const object = { streams: [{ name: 'simulated', policy: parsed(file, text) ?? {} }] };
  const { config } = orThrow(parseConfig({ object, file }));
  return orThrow(policyOf(config.streams[0]!.policy));
}

function parsed(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof YAMLParseError)) throw cause;
    throw new TidewatchError('config_invalid', `${file}: ${cause.message}`, { cause });
  }
}
